"""uv finds packages where pip does: the indexes of pip's and of uv's configuration are variables of uv."""

import pytest

from harness.regression import pip

UV = """
[[tool.uv.index]]
url = "https://a.example"
default = true
[[tool.uv.index]]
name = "b"
url = "https://b.example"
"""
PIP = """
[global]
index-url = https://global.example
no-index = true
[install]
index-url = https://install.example
extra-index-url = https://extra.example
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch, no_index):
    monkeypatch.chdir(tmp_path)


def test_indexes_of_uv_become_variables(tmp_path):
    (tmp_path / "pyproject.toml").write_text(UV)
    variables, _ = pip.for_uv()
    expected = {"UV_DEFAULT_INDEX": "https://a.example", "UV_INDEX": "b=https://b.example"}
    assert expected.items() <= variables.items()


def test_options_of_pip_become_variables_of_uv(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(PIP)
    monkeypatch.setenv("PIP_FIND_LINKS", "/a /b")
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    variables, options = pip.for_uv()
    indexes = {"UV_DEFAULT_INDEX": "https://install.example", "UV_EXTRA_INDEX_URL": "https://extra.example"}
    indexes |= {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # pip takes the newest version of all indexes
    assert (indexes | {"UV_FIND_LINKS": "/a,/b"}).items() <= variables.items()
    assert options == ["--no-config"]
