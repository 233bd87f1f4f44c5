"""Each file of impls/ is a notebook that runs from top to bottom, in a kernel of its own."""

import os
import subprocess
import sys

import pytest

import impls
from harness import ROOT
from tests.project import require

SECONDS = 300
NAMES = [pytest.param(name, marks=[] if name == "numpy" else [pytest.mark.long]) for name in impls.names()]


@pytest.fixture
def notebook(tmp_path):
    """The notebook of a file, as the command writes it."""
    require("jupytext", "nbclient", "ipykernel")
    import nbformat

    def notebook(name):
        file = tmp_path / f"{name}.ipynb"
        command = [sys.executable, "-m", "impls.notebook", name, "-o", str(file)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS)
        return nbformat.read(file, as_version=4)

    return notebook


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom(name, notebook, dataset, monkeypatch):
    variant = next(each for each in impls.variants().values() if each.implementation == name)
    require(*variant.packages)
    from nbclient import NotebookClient

    monkeypatch.setenv("MNIST_DIR", dataset.directory)
    for variable, value in variant.environment.items():
        monkeypatch.setenv(variable, value)
    made = notebook(name)
    assert not any(cell.get("outputs") for cell in made.cells)
    NotebookClient(made, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": ROOT}}).execute()
    printed = "".join(output.get("text", "") for cell in made.cells for output in cell.get("outputs", ()))
    assert "epoch 2: loss 0." in printed
    assert "test accuracy 9" in printed
    assert "535,818 parameters" in printed
    assert "image/png" in made.cells[-1].outputs[-1].data


def test_a_file_is_told_in_cells_of_one_class_or_function(notebook):
    made = notebook("numpy")
    assert made.cells[0].cell_type == "markdown"
    assert made.cells[0].source.startswith("# NumPy")
    code = [cell.source for cell in made.cells if cell.cell_type == "code"]
    definitions = [sum(line.startswith(("def ", "class ")) for line in source.splitlines()) for source in code]
    assert max(definitions) == 1
    assert not any("__main__" in source for source in code)


def test_without_a_folder_it_says_so_in_a_line(tmp_path):
    command = [sys.executable, "-m", "impls.notebook", "numpy", "-o", str(tmp_path / "nowhere" / "numpy.ipynb")]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
