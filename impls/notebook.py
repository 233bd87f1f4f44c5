"""A file of this folder as a notebook: `python -m impls.notebook pytorch` writes pytorch.ipynb, to be read and run.

Each class and function is a cell, and some at the end train it. Made by jupytext; run it in this folder's parent.
"""

import argparse
import ast
import itertools
import sys
from pathlib import Path

import impls

TRY = """# %% [markdown]
# ## Try it
# Two epochs; each variable can be looked at, and each cell above changed and run again.

# %%
import os

from impls.files import cache_directory

classifier = Classifier(Settings())
train, test = classifier.load_dataset(os.environ.get("MNIST_DIR") or cache_directory())
classifier.fit(*train, epochs=2, on_epoch=lambda epoch, loss: print(f"epoch {epoch}: loss {loss:.4f}"))

# %%
loss, accuracy = classifier.evaluate(*test)
print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, {classifier.parameter_count():,} parameters")

# %% [markdown]
# Of the test images that it gets wrong, the first: what it is, and what it is taken for.

# %%
from PIL import Image

images, labels = test
probabilities = classifier.probabilities(images)
wrong = (probabilities.argmax(axis=1) != labels).nonzero()[0]
print(f"{len(wrong)} of {len(labels):,} wrong; image {wrong[0]} is a {labels[wrong[0]]}")
print({digit: f"{probability:.1%}" for digit, probability in enumerate(probabilities[wrong[0]])})
Image.fromarray(images[wrong[0]]).resize((140, 140))
"""


def script(name: str) -> str:
    """impls/NAME.py in jupytext's "percent" format: text cells, and code cells that stand alone."""
    text = (impls.FOLDER / f"{name}.py").read_text()
    tree = ast.parse(text)
    lines = text.splitlines()
    title = ast.get_docstring(tree) or name
    starts = [_first_line(node) for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    end = next((node.lineno for node in tree.body if _is_main(node)), len(lines) + 1)
    edges = [tree.body[1].lineno, *starts, end]
    cells = ["\n".join(lines[first - 1 : after - 1]).strip() for first, after in itertools.pairwise(edges)]
    return "\n\n".join([f"# %% [markdown]\n# # {title}", *(f"# %%\n{cell}" for cell in cells), TRY])


def _first_line(node: ast.ClassDef | ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.unparse(node.test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=impls.names(), help="of a file in impls/")
    parser.add_argument("-o", "--output", type=Path, help="(default: NAME.ipynb)")
    options = parser.parse_args()
    try:
        import jupytext
    except ImportError:
        sys.exit("error: jupytext is not installed: pip install jupytext")
    output = options.output or Path(f"{options.name}.ipynb")
    try:
        jupytext.write(jupytext.reads(script(options.name), fmt="py:percent"), output)
    except OSError as error:
        sys.exit(f"error: {error}")
    print(f"{output} is written: open it with Jupyter, here")


if __name__ == "__main__":
    main()
