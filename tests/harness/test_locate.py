"""MNIST is found in the forms that users have, and a damaged file is named with its problem."""

import gzip
import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.data.idx import BYTES, DataError
from harness.data.locate import find
from impls.contract import DATASET
from impls.files import read_dataset
from tests.other_user import no_permission

NAMES = *OTHERS, TEST_LABELS = tuple(BYTES)


@pytest.fixture(scope="module")
def raw(dataset):
    return Path(dataset.directory) / "MNIST" / "raw"


@pytest.fixture(scope="module")
def originals(raw):
    return {name: (raw / name).read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def packed(tmp_path_factory, dataset, originals):
    """A folder with gzipped files, Keras' mnist.npz, and a zip file with the layout of Kaggle's."""
    folder = tmp_path_factory.mktemp("packed")
    for name in NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress(originals[name], 1))
    (x_train, y_train), (x_test, y_test) = read_dataset(dataset.directory)
    np.savez(folder / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    with zipfile.ZipFile(folder / "archive.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in NAMES:
            archive.writestr(f"{name}/{name.replace('-idx', '.idx')}", originals[name])
    return folder


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("layout", ["{upper}", "{split}/{name}.gz", "MNIST/raw/{name}/{dotted}"])
def test_files_are_found_in_each_layout(tmp_path, raw, packed, originals, layout):
    for name in NAMES:
        words = {"name": name, "dotted": name.replace("-idx", ".idx"), "upper": name.upper(), "split": name[:5]}
        link(tmp_path / layout.format(**words), packed / f"{name}.gz" if layout.endswith(".gz") else raw / name)
    assert find(tmp_path) == originals


@pytest.mark.parametrize("file", ["mnist.npz", "archive.zip"])
def test_archive_is_found_below_a_folder_or_by_itself(tmp_path, packed, originals, file):
    assert find(packed / file) == originals
    link(tmp_path / ".keras" / "datasets" / file, packed / file)
    assert find(tmp_path) == originals


@pytest.mark.parametrize(
    "damaged",
    [
        lambda path, content: path.write_bytes(content[:-1] + bytes([content[-1] ^ 1])),
        lambda path, content: path.write_bytes(gzip.compress(content)[:-20]),
        lambda path, _: os.mkfifo(path),
        lambda path, _: (path.touch(), os.truncate(path, 10**12)),
    ],
    ids=["bit-flip", "truncated-gzip", "pipe", "huge"],
)
def test_damaged_file_is_named(tmp_path, raw, originals, damaged):
    for name in OTHERS:
        link(tmp_path / name, raw / name)
    damaged(tmp_path / TEST_LABELS, originals[TEST_LABELS])
    with pytest.raises(DataError, match=str(tmp_path / TEST_LABELS)):
        find(tmp_path)


@pytest.mark.parametrize("build", [Path.exists, Path.mkdir, os.mkfifo], ids=["nothing", "empty", "pipe"])
def test_place_without_mnist_is_refused(tmp_path, build):
    build(tmp_path / "place.npz")
    for path in (tmp_path, tmp_path / "place.npz"):
        with pytest.raises(DataError, match=str(path)):
            find(path)


def test_archive_of_objects_runs_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    np.savez(tmp_path / "mnist.npz", x_train=np.array([Evil()], object))
    with pytest.raises(DataError):
        find(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_unreadable_folder_is_named(public):
    (public / "place").mkdir()
    with no_permission(public / "place"), pytest.raises(DataError, match=f"{public / 'place'}.*Permission denied"):
        find(public / "place")


def test_files_of_one_size_are_told_apart_by_their_content(small, monkeypatch, tmp_path):
    """As in a project with as many test images as training images."""
    for name in small:
        monkeypatch.setitem(BYTES, name, max(map(len, small.values())))
        small[name] = small[name].ljust(BYTES[name])
        monkeypatch.setitem(DATASET.files, name, hashlib.sha256(small[name]).hexdigest())
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(small[name]))
    monkeypatch.setattr("harness.data.locate.NAMES", {size: name for name, size in BYTES.items()})
    assert find(tmp_path) == small
