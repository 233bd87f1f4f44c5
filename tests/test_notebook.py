"""Each tutorial is a notebook that trains from top to bottom, in a kernel of its own."""

import re
import sys

import pytest

import impls
from impls.notebook import main, write
from tests.project import require

SECONDS = 300
# One variant of each implementation: for Keras a backend is chosen.
CHOSEN = {variant.implementation: variant for variant in impls.variants().values()}.values()
VARIANTS = [pytest.param(each, marks=[pytest.mark.long] * (each.name != "numpy"), id=each.name) for each in CHOSEN]


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes the notebook of a name, and reads it."""
    require("jupytext", "nbclient", "ipykernel")
    import nbformat

    def notebook(name):
        file = tmp_path / f"{name}.ipynb"
        write(name, file)
        return nbformat.read(file, as_version=4)

    return notebook


@pytest.mark.parametrize("variant", VARIANTS)
def test_notebook_trains_two_epochs_in_a_kernel(variant, notebook, small_dataset, tmp_path, monkeypatch):
    require(*variant.packages)
    from nbclient import NotebookClient

    monkeypatch.setenv("MNIST_DIR", small_dataset.directory)
    written = notebook(variant.name)
    assert not any(cell.get("outputs") for cell in written.cells)
    place = {"metadata": {"path": tmp_path}}  # any folder: a tutorial imports nothing of the project
    NotebookClient(written, timeout=SECONDS, kernel_name="python3", resources=place).execute()
    printed = "".join(output.get("text", "") for output in written.cells[-1].outputs)
    first, second = map(float, re.findall(r"^epoch [12]: loss ([0-9.]+), .* test accuracy", printed, re.MULTILINE))
    assert second < 0.7 * first


def test_notebook_has_the_cells_of_the_tutorial(notebook):
    written = notebook("numpy")
    source = (impls.FOLDER / "numpy" / "mnist.py").read_text()
    assert "%pip" not in written.cells[0].source
    assert [cell.cell_type for cell in written.cells[:4]] == ["code", "code", "markdown", "code"]
    assert len(written.cells) == 2 + source.count("\n# %%")
    assert all(cell.source in source for cell in written.cells[1:] if cell.cell_type == "code")


def test_notebook_sets_a_backend_only_if_asked(notebook):
    assert "'KERAS_BACKEND': 'jax'" in notebook("keras-jax").cells[0].source
    assert "BACKEND" not in notebook("keras").cells[0].source


def test_notebook_installs_what_its_framework_needs(notebook):
    assert "%pip install --quiet 'jax>=" in notebook("jax").cells[0].source


def test_missing_folder_is_reported_in_a_line(tmp_path, monkeypatch):
    require("jupytext")
    monkeypatch.setattr(sys, "argv", ["notebook", "numpy", "-o", str(tmp_path / "nowhere" / "numpy.ipynb")])
    with pytest.raises(SystemExit, match=r"^error: [^\n]*nowhere[^\n]*$"):
        main()
