"""What is installed is what Python finds by its name; what pip has left behind is not."""

import importlib.metadata

import pytest

from harness.regression import installed


def dist_info(folder, name, metadata=None):
    (folder / f"{name}.dist-info").mkdir(parents=True)
    if metadata is not None:
        (folder / f"{name}.dist-info" / "METADATA").write_text(metadata)


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("~oy-3.1", "Metadata-Version: 2.1\nName: toy\nVersion: 3.1\n"),
        ("-oy-3.1", "Metadata-Version: 2.1\nName: toy\nVersion: 3.1\n"),
        ("toy-3.1", None),
        ("toy-3.1", ""),
        ("toy-3.1", "Metadata-Version: 2.1\nName: toy\n"),
        ("toy-3.1", "Metadata-Version: 2.1\nVersion: 3.1\n"),
        ("~", None),
    ],
)
@pytest.mark.parametrize("beside", [{}, {"toy": "3.2"}], ids=["alone", "beside a whole one"])
def test_what_pip_has_left_behind_is_passed_over(tmp_path, name, metadata, beside):
    for whole, version in beside.items():
        dist_info(tmp_path, f"{whole}-{version}", f"Metadata-Version: 2.1\nName: {whole}\nVersion: {version}\n")
    dist_info(tmp_path, name, metadata)
    found = {each: found.version for each, found in installed.distributions([str(tmp_path)]).items()}
    assert found == beside


def test_of_several_of_one_name_it_is_the_one_that_python_finds(tmp_path, monkeypatch):
    for folder, version in (("first", "1"), ("first", "2"), ("first", "3"), ("second", "4")):
        dist_info(
            tmp_path / folder, f"Some_Toy-{version}", f"Metadata-Version: 2.1\nName: Some_Toy\nVersion: {version}\n"
        )
    for folder in ("second", "first"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    assert installed.versions()["some-toy"] == importlib.metadata.version("some.toy")
