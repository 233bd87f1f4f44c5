"""Installed and imported distributions are those that Python finds; leftovers of pip do not count."""

import sys

import pytest

from harness.regression import installed


@pytest.fixture
def install(monkeypatch, tmp_path):
    """A function that writes metadata of a distribution that provides `paint`. Version 2.0 of `paint` is imported.

    There are no other distributions.
    """
    (tmp_path / "paint.py").write_text("__version__ = '2.0'")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    __import__("paint")
    installed.distributions.cache_clear()

    def install(name, version, **files):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        files = {"METADATA": f"Name: {name}\nVersion: {version}\n", "RECORD": "paint.py,,\n"} | files
        for file, text in files.items():
            (info / file).write_bytes(text.encode("latin1"))

    yield install
    del sys.modules["paint"]
    installed.distributions.cache_clear()


@pytest.mark.parametrize(("name", "metadata"), [("paint", ""), ("~aint", "Name: paint\n"), ("~aint", "\xff")])
def test_leftovers_of_pip_are_ignored(install, name, metadata):
    install(name, "3.1", METADATA=metadata)
    install("paint", "3.2")
    assert installed.versions()["paint"] == "3.2"
    assert installed.imported(["paint"], [])["paint"]["distributions"] == ["paint==3.2"]


def test_leftover_with_complete_metadata_is_ignored(install):
    install("~aint", "3.1", METADATA="Name: paint\nVersion: 3.1\n")
    assert "paint" not in installed.versions()


def test_imported_module_is_described_with_its_distributions(install, tmp_path):
    install("Paint_Nightly", "2.0.dev1")
    install("paint", "1.0", **{"top_level.txt": "paint\n", "RECORD": ""})
    install("paint", "3.0", **{"direct_url.json": '{"dir_info": {"editable": true}}'})
    described = installed.imported(["sys", "not_imported"], ["paint-nightly"])
    file, distributions = str(tmp_path / "paint.py"), ["paint-nightly==2.0.dev1", "paint==1.0"]
    assert described == {"paint": {"version": "2.0", "file": file, "inside": False, "distributions": distributions}}
