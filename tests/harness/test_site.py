"""The pages of the site have the code of the tutorials: a name that is not there, or no longer, stops the build."""

import re

import pytest

import impls
from harness import ROOT
from tests.exercises import exercises
from tests.project import require
from tools import notebooks
from tools.cut import cut
from tools.pages import BrokenPage, page, write

CODE = '''"""A file."""
import module


# Why it is so.
@module.decorator
def function(x):
    for each in draw(x):
        use(each)
    return x


class Class:
    def method(self):
        return 1


CONSTANT = {
    "name": 1,
}
'''


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("function", "# Why it is so.", "    return x"),
        ("Class.method", "def method(self):", "    return 1"),
        ("CONSTANT", "CONSTANT = {", "}"),
        ("function/draw", "for each in draw(x):", "for each in draw(x):"),
        ("function/use", "use(each)", "use(each)"),
    ],
)
def test_code_is_cut_by_name(tmp_path, name, first, last):
    file = tmp_path / "tutorial.py"
    file.write_text(CODE)
    lines = cut(file, name).splitlines()
    assert (lines[0], lines[-1]) == (first, last)


@pytest.mark.parametrize(
    "target",
    [
        *(f"impls/jax/mnist.py#{name}" for name in ("renamed", "main.renamed", "main/renamed")),
        *("impls/jax/renamed.py#train_step", "tests/mistakes/pytorch/mnist.py#renamed"),
    ],
)
def test_link_to_code_that_is_not_there_stops_the_build(target):
    with pytest.raises(BrokenPage, match="renamed") as raised:
        page("concepts/a.md", f"- [JAX](../../{target})")
    assert "concepts/a.md" in str(raised.value)


def test_all_pages_are_written(tmp_path):
    require("jupytext")
    write(tmp_path)
    pages = {path.relative_to(tmp_path).as_posix(): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.md")}
    concepts = [text for name, text in pages.items() if name.startswith("concepts/")]
    assert len(concepts) == len([*(ROOT / "docs" / "concepts").glob("*.md")])
    assert all('=== "JAX"' in text and "```diff" in text for text in concepts)
    assert "(tutorials/side-by-side.md)" in pages["index.md"]
    assert "def train_step(" in pages["source/impls/jax/mnist.py.md"]
    assert "def train_step(" in (tmp_path / "source/impls/jax/mnist.ipynb").read_text(encoding="utf-8")
    assert sum("(mnist.ipynb)" in text for text in pages.values()) == len(impls.names())
    assert pages["tutorials/exercises.md"].count("```diff") == len(exercises())


@pytest.mark.parametrize("repository", ["owner/name", ""])
def test_published_notebook_opens_in_colab(tmp_path, monkeypatch, repository):
    require("jupytext")
    monkeypatch.setenv("GITHUB_REPOSITORY", repository)
    notebooks.write(tmp_path)
    *colab, download = re.findall(r"\]\((\S+)\)", notebooks.links("jax"))
    assert download == "mnist.ipynb"
    branch = "https://colab.research.google.com/github/owner/name/blob/gh-pages/"
    assert [(tmp_path / link.removeprefix(branch)).is_file() for link in colab] == [True] * bool(repository)


def test_commands_of_the_pages_name_tests():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    tests = re.findall(r"def (test_\w+)", code)
    for file in (ROOT / "docs" / "concepts").glob("*.md"):
        for names in re.findall(r'-k "?([\w ]+)', file.read_text(encoding="utf-8")):
            for name in {*names.split()} - {"and", "or", "not"}:
                assert any(name in test for test in tests), f"{file.name}: -k {name}"
