"""A file of parameters is compared with the network before it is read; any other is refused in one line."""

import io
import os
import re
import zipfile
from functools import partial

import numpy as np
import pytest

import impls
from impls.contract import NETWORKS, Settings
from impls.weights import check_place, load, save
from tests.other_user import full_disk
from tests.refusal import refused


@pytest.fixture
def archive(tmp_path, weights):
    """Write an archive like that of `weights`, with other arrays or entries in it; return its path."""

    def archive(changes, name="changed.npz", compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(weights) as old, zipfile.ZipFile(tmp_path / name, "w", compression) as new:
            for entry in load(weights):
                content = changes.get(entry, old.read(f"{entry}.npy"))
                new.writestr(f"{entry}.npy", content if isinstance(content, bytes) else npy(content))
        return tmp_path / name

    return archive


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("dtype", [">f4", "<f8", "f2", "longdouble"])
def test_floats_of_any_width_and_order_are_loaded(archive, weights, dtype):
    expected = load(weights)
    framework = impls.load("numpy", Settings())
    framework.set_parameters(load(archive({name: array.astype(dtype) for name, array in expected.items()})))
    for name, array in framework.get_parameters().items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, expected[name], rtol=0, atol=1e-3)


def header(shape, dtype="<f4"):
    """Return the header of an array without its content."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize("count", [10**9, 10**12, 10**30])
def test_header_that_claims_too_many_numbers_is_refused(archive, count):
    assert "dense_1/bias must be" in refused(load, archive({"dense_1/bias": header((count,))}))


@pytest.mark.parametrize(
    "content",
    [
        header((512,)),
        header((512,)) + bytes(100),
        header((512,)) + bytes(200_000),
        b"\x93NUMPY\x01\x00" + (20_000).to_bytes(2, "little") + bytes(20_000),
        bytes(10**7),
        b"",
        np.zeros(512, "i4"),
    ],
    ids=["no-content", "short", "long", "long header", "zeros", "empty", "integers"],
)
def test_entry_that_is_no_such_array_is_refused(archive, content):
    refused(load, archive({"dense_1/bias": content}))


@pytest.mark.parametrize(("at", "value"), [(6, 1), (8, 99)], ids=["encrypted", "unknown compression"])
def test_archive_that_zipfile_does_not_read_is_refused(weights, at, value):
    content = bytearray(weights.read_bytes())
    for signature, start in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        content[content.index(signature) + start] = value
    weights.write_bytes(content)
    refused(load, weights)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short"])
def test_content_that_is_no_archive_is_refused(content):
    refused(load, content)


def test_flipped_bit_is_refused(weights):
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    refused(load, weights)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_other_than_a_regular_file_is_refused(tmp_path, make):
    make(tmp_path / "x.npz")
    assert "regular file" in refused(load, tmp_path / "x.npz")
    with pytest.raises(ValueError, match=r"x\.npz"):
        check_place(tmp_path / "x.npz")


def test_full_disk_leaves_the_old_file_and_is_named(weights, tmp_path):
    old = weights.read_bytes()
    with full_disk(100_000), pytest.raises(OSError, match=re.escape(str(weights))):
        save(weights, {"large": np.zeros(10**6)})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [old]


WITH_STATE = next(name for name, network in NETWORKS.items() if network.state)


@pytest.fixture
def refused_for_state(tmp_path):
    """Return the line that refuses these arrays for a network whose evaluation depends on a state."""

    def refused_for_state(arrays):
        save(tmp_path / "file.npz", arrays)
        return refused(partial(load, network=NETWORKS[WITH_STATE]), tmp_path / "file.npz")

    return refused_for_state


def test_parameters_without_the_state_of_their_network_are_refused(refused_for_state):
    line = refused_for_state(impls.load("numpy", Settings(WITH_STATE)).get_parameters())
    assert f"state/{next(iter(NETWORKS[WITH_STATE].state))} is missing" in line


def test_a_state_that_does_not_fit_is_refused(refused_for_state):
    checkpoint = impls.load("numpy", Settings(WITH_STATE)).get_checkpoint()
    *_, last = (name for name in checkpoint if name.startswith("state/"))
    assert last in refused_for_state({name: array for name, array in checkpoint.items() if name != last})
    assert last.removeprefix("state/") in refused_for_state(checkpoint | {last: np.ones((2, 2))})
    assert "other" in refused_for_state(checkpoint | {"state/other": np.ones(2)})
