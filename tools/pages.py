"""Write the pages of the site, from which Zensical builds it: `make site`.

A list of links such as `- [JAX](../../impls/jax/mnist.py#train_step)` becomes tabs with the code of these functions.
Such a link to a mistake becomes an exercise. README.md is the first page. Other links to files outside docs/ lead to
pages that show the files.
"""

import ast
import re
import shutil
import sys
from os.path import normpath, relpath
from pathlib import Path, PurePosixPath

from harness import ROOT
from tests import exercises
from tools import notebooks
from tools.cut import cut
from tools.losses import picture

DOCS = ROOT / "docs"
FIGURES = ROOT / "harness" / "page" / "templates" / "figure.css"
CODE = re.compile(r"- \[([^]]+)\]\(([^)#]+\.py)#([\w./,]+)\)")
LINK = re.compile(r"(?<=\]\()[^)#:\s]+")
EXERCISE = """How does this change affect the training, and which test fails? Guess, then run the command below it after
`export MNIST_VARIANTS=tests.mistakes`."""


class BrokenPage(Exception):
    """A page names code that does not exist."""


def write(folder: Path) -> None:
    """Write all pages, and the other files of docs/, to `folder`. Raises `BrokenPage`."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder)
    shutil.copy(FIGURES, folder / "site")
    texts = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}
    texts["index.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
    texts["tutorials/exercises.md"] = exercises.text(picture)
    pages = {uri: page(uri, text) for uri, text in texts.items()}
    linked = {path for uri, text in texts.items() for path in _linked(uri, text)}
    pages |= {_page_of(path): _shown(path) for path in linked if _page_of(path).startswith("source/")}
    notebooks.write(folder)
    for uri, text in pages.items():
        file = folder / uri
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def page(uri: str, markdown: str) -> str:
    """Return a page with code in place of the links to functions, and with the other links leading to pages."""
    lines, in_tabs = [], False
    for line in markdown.splitlines():
        link = CODE.fullmatch(line)
        if not link:
            lines.append(line)
        elif "tests/mistakes" in line:
            lines.append(_exercise(uri, link[3]))
        else:
            lines.append(_tab(uri, link, "" if in_tabs else "!"))
        in_tabs = bool(link)
    return LINK.sub(lambda link: _target(uri, link[0]), "\n".join(lines)) + "\n"


def _tab(uri: str, link: re.Match, first: str) -> str:
    """Return a tab with the code of a link, whose names are separated by commas."""
    label, target, names = link.groups()
    path = _resolved(uri, target)
    try:
        code = "\n\n\n".join(cut(path, name) for name in names.split(","))
    except KeyError as error:
        raise BrokenPage(f"docs/{uri}: {label}: {path.relative_to(ROOT)} has no {error.args[0]!r}") from None
    except FileNotFoundError:
        raise BrokenPage(f"docs/{uri}: {label}: there is no file {target}") from None
    fenced = f'\n```python title="{path.relative_to(ROOT)}"\n{code}\n```\n'
    return f'==={first} "{label}"\n' + "\n".join(f"    {line}" for line in fenced.splitlines()) + "\n"


def _exercise(uri: str, name: str) -> str:
    for mistake in exercises.exercises():
        if mistake.name == name:
            return f"{EXERCISE}\n\n{exercises.exercise(mistake, picture)}"
    raise BrokenPage(f"docs/{uri}: tests/mistakes has no {name!r}")


def _origin(uri: str) -> PurePosixPath:
    """Return the file of a page in the repository."""
    return PurePosixPath("README.md" if uri == "index.md" else f"docs/{uri}")


def _resolved(uri: str, target: str) -> Path:
    return ROOT / normpath(_origin(uri).parent / target)


def _linked(uri: str, markdown: str) -> list[Path]:
    """Return the files and folders that a page links to."""
    paths = [_resolved(uri, target) for target in LINK.findall(markdown)]
    return [path for path in paths if path.exists()]


def _page_of(path: Path) -> str:
    """Return the page, or the other file of docs/, that stands for a file or a folder of the repository."""
    relative = path.relative_to(ROOT).as_posix()
    if relative == "README.md":
        return "index.md"
    return relative.removeprefix("docs/") if relative.startswith("docs/") else f"source/{relative.lstrip('.')}.md"


def _target(uri: str, target: str) -> str:
    path = _resolved(uri, target)
    return relpath(_page_of(path), PurePosixPath(uri).parent) if path.exists() else target


def _shown(path: Path) -> str:
    """Return a page with the content of a file, or with the first lines of the files in a folder."""
    head = f"---\nsearch:\n  exclude: true\n---\n# {path.relative_to(ROOT)}\n\n"
    if path.is_dir():
        files = [each for each in sorted(path.iterdir()) if each.suffix == ".py" and each.stat().st_size]
        docs = {file.name: ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "" for file in files}
        return head + "".join(f"- `{name}`: {doc.splitlines()[0]}\n" for name, doc in docs.items() if doc)
    if path.match("impls/*/mnist.py"):
        head += f"{notebooks.links(path.parent.name)}\n\n"
    language = {".py": "python", ".yml": "yaml", ".json": "json"}.get(path.suffix, "text")
    return f"{head}``````{language}\n{path.read_text(encoding='utf-8')}\n``````\n"


if __name__ == "__main__":
    try:
        write(ROOT / "build" / "pages")
    except BrokenPage as error:
        sys.exit(f"error: {error}")
