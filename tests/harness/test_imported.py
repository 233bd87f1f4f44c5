"""A worker tells what it has imported by the modules themselves; metadata stand beside, where they mean anything."""

import sys

import pytest

from harness.regression.imported import imported


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Installs metadata of some version that say they provide `paint`, of which 2.0 is imported."""
    (tmp_path / "paint.py").write_text("__version__ = '2.0'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "paint", raising=False)
    __import__("paint")

    def install(name, version, **files):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        metadata = f"Name: {name}\nVersion: {version}\n"
        for file, text in ({"METADATA": metadata, "RECORD": "paint.py,,\n"} | files).items():
            (folder / file).write_bytes(text.encode("latin1"))

    yield install
    del sys.modules["paint"]


def paint(*named):
    return imported({"paint"}, named)["paint"]


def test_the_module_tells_its_version_and_file(install, tmp_path):
    install("paint", "1.0")
    file = str(tmp_path / "paint.py")
    assert paint() == {"version": "2.0", "file": file, "inside": False, "distributions": ["paint==1.0"]}


def test_a_file_of_this_environment_is_inside(install, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert paint()["inside"]


@pytest.mark.parametrize("files", [{}, {"top_level.txt": "paint\n", "RECORD": ""}], ids=["record", "top level"])
def test_whatever_provides_it_is_named_as_it_was_installed(install, files):
    install("Paint_Nightly", "2.0.dev1", **files)
    assert paint()["distributions"] == ["paint-nightly==2.0.dev1"]
    assert "paint" in imported({"sys"}, ["paint-nightly"])


def test_all_that_claim_to_provide_it_are_told(install):
    install("paint", "1.0")
    install("paint", "2.0")
    assert paint()["distributions"] == ["paint==1.0", "paint==2.0"]


@pytest.mark.parametrize(
    "files",
    [
        {"METADATA": ""},
        {"METADATA": "Version: 1"},
        {"METADATA": "\xff"},
        {"direct_url.json": '{"dir_info": {"editable": true}, "url": "file:///"}'},
    ],
    ids=["empty", "nameless", "unreadable", "editable"],
)
def test_metadata_that_tell_nothing_of_it_are_passed_over(install, files):
    install("paint", "1.0", **files)
    assert paint()["distributions"] == []


def test_what_was_not_imported_is_not_told(install):
    install("brush", "1.0", RECORD="brush.py,,\n")
    assert imported({"brush"}, ["brush"]) == {}
