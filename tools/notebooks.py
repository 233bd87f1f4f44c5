"""Add the tutorials to the site as notebooks: a file each, a link to download it, and a button that opens it in Colab.

Colab opens notebooks from a public repository on GitHub. The site's workflow publishes them in the branch gh-pages.
"""

import os
from pathlib import Path

import impls
from impls import notebook

PATH = "source/impls/{name}/mnist.ipynb"  # from the root of the site, next to the page of the tutorial
COLAB = "https://colab.research.google.com/github/{repository}/blob/gh-pages/{path}"


def write(site: Path) -> None:
    """Write the notebook of each implementation below the folder `site`. Raises what `impls.notebook.write` raises."""
    for name in impls.names():
        file = site / PATH.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        notebook.write(name, file)


def links(name: str) -> str:
    """Return the links to the notebook of an implementation, in Markdown, for the page of its tutorial.

    A workflow of GitHub sets GITHUB_REPOSITORY to OWNER/NAME. Without it, there is no address for Colab.
    """
    path = PATH.format(name=name)
    download = f"[Download it as a notebook]({Path(path).name}){{ download }}"
    repository = os.environ.get("GITHUB_REPOSITORY")
    if not repository:
        return download
    return f"[Open in Colab]({COLAB.format(repository=repository, path=path)}){{ .md-button }}\n\n{download}"
