"""Write a tutorial as a notebook: `python -m impls.notebook keras-jax` writes keras-jax.ipynb."""

import argparse
import shlex
import tomllib
from pathlib import Path

import impls
from impls import command_line

INSTALL = "# Does nothing where these are installed, as in Colab.\n%pip install --quiet {requirements}\n\n"
OPTIONS = 'import sys\n\nsys.argv = ["mnist.py", "--epochs", "2"]  # the options of main(): a kernel has others'
BACKEND = "import os\n\nos.environ |= {environment}  # read when Keras is imported\n\n"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def write(name: str, output: Path) -> None:
    """Write the tutorial of an implementation, or of a variant with its backend, to `output`.

    Raises `ImportError` without jupytext, and `OSError` if the file cannot be written.
    """
    import jupytext
    from nbformat.v4 import new_code_cell

    variant = impls.variants().get(name)  # none for Keras without a backend
    implementation = variant.implementation if variant else name
    notebook = jupytext.read(impls.FOLDER / implementation / "mnist.py", fmt="py:percent")
    packages = requirements(implementation)
    install = INSTALL.format(requirements=shlex.join(packages)) if packages else ""
    backend = BACKEND.format(environment=variant.environment) if variant and variant.environment else ""
    notebook.cells.insert(0, new_code_cell(install + backend + OPTIONS))
    notebook.metadata["kernelspec"] = KERNEL
    jupytext.write(notebook, output)


def requirements(implementation: str) -> list[str]:
    """Return the packages that an implementation adds to the project's own; the extra in pyproject.toml names them."""
    project = tomllib.loads((impls.FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"].get(implementation, [])


def main() -> None:
    """Write the notebook of the implementation or variant that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m impls.notebook", description=__doc__)
    parser.add_argument("name", choices=sorted({*impls.names(), *impls.variants()}), help="keras, or with a backend")
    parser.add_argument("-o", "--output", type=Path, help="(default: NAME.ipynb)")
    options = parser.parse_args()
    output = options.output or Path(f"{options.name}.ipynb")
    with command_line.errors_in_one_line():
        write(options.name, output)
    print(f"{output} is written: open it with Jupyter")


if __name__ == "__main__":
    main()
