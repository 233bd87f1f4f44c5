"""MNIST is found by its bytes in the forms that people have it in; what only comes near is named."""

import gzip
import os
import socket
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.data import found
from harness.data.found import find
from harness.data.idx import BYTES, DataError
from impls.files import read_dataset
from tests.stranger import forbidden, public_folder

NAMES = tuple(BYTES)
public = pytest.fixture(public_folder)


@pytest.fixture(scope="module")
def raw(dataset):
    return Path(dataset.directory) / "MNIST" / "raw"


@pytest.fixture(scope="module")
def originals(raw):
    return {name: (raw / name).read_bytes() for name in NAMES}


@pytest.fixture(scope="module")
def packed(tmp_path_factory, dataset, originals):
    """A folder with the same in other forms: NAME.gz, Keras' npz compressed or not, a zip file."""
    folder = tmp_path_factory.mktemp("packed")
    for name in NAMES:
        (folder / f"{name}.gz").write_bytes(gzip.compress(originals[name], 1))
    (x_train, y_train), (x_test, y_test) = read_dataset(dataset.directory)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    np.savez(folder / "mnist.npz", **arrays)
    with zipfile.ZipFile(folder / "mnist.npz") as plain, compressed_zip(folder / "compressed.npz") as compressed:
        for member in plain.namelist():  # np.savez_compressed does the same, and takes its time
            compressed.writestr(member, plain.read(member))
    with compressed_zip(folder / "archive.zip") as archive:
        for name in NAMES:
            archive.writestr(in_folders_of_the_same_name(name), originals[name])
    return folder


def compressed_zip(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.fixture
def place(tmp_path, raw):
    """A folder with the four raw files at its top."""
    for name in NAMES:
        link(tmp_path / "place" / name, raw / name)
    return tmp_path / "place"


def flat(name):
    return name


def with_a_dot(name):
    return name.replace("-idx", ".idx")


def in_folders_of_the_same_name(name):
    return f"{name}/{with_a_dot(name)}"


def a_folder_for_each_split(name):
    return f"{name.partition('-')[0]}/{name}"


def by_any_other_name(name):
    return f"{NAMES.index(name)}.bin"


@pytest.mark.parametrize(
    "layout", [flat, with_a_dot, str.upper, in_folders_of_the_same_name, a_folder_for_each_split, by_any_other_name]
)
def test_the_four_files_are_found_whatever_they_are_named(tmp_path, raw, originals, layout):
    for name in NAMES:
        link(tmp_path / layout(name), raw / name)
    assert find(tmp_path) == originals


@pytest.mark.parametrize("ending", [".gz", ".GZ", ".bin"])
def test_gzipped_files_are_found_whatever_they_are_named(tmp_path, packed, originals, ending):
    for name in NAMES:
        link(tmp_path / f"{NAMES.index(name)}{ending}", packed / f"{name}.gz")
    assert find(tmp_path) == originals


@pytest.mark.parametrize("file", ["mnist.npz", "compressed.npz", "archive.zip"])
def test_one_file_may_hold_all_four_and_be_named_itself(tmp_path, packed, originals, file):
    assert find(packed / file) == originals
    link(tmp_path / ".keras" / "datasets" / file, packed / file)
    assert find(tmp_path) == originals


def test_forms_may_be_mixed(tmp_path, raw, packed, originals):
    link(tmp_path / NAMES[0], raw / NAMES[0])
    link(tmp_path / "labels.gz", packed / f"{NAMES[1]}.gz")
    np.save(tmp_path / "x_test.npy", np.frombuffer(originals[NAMES[2]], np.uint8, offset=16).reshape(10_000, 784))
    np.save(tmp_path / "y_test.npy", np.frombuffer(originals[NAMES[3]], np.uint8, offset=8).astype(np.int64))
    assert find(tmp_path) == originals


def test_the_whole_one_of_two_copies_is_taken(place, packed, originals):
    (place / NAMES[0]).unlink()
    (place / NAMES[0]).write_bytes(originals[NAMES[0]][:1000])
    link(place / f"{NAMES[0]}.gz", packed / f"{NAMES[0]}.gz")
    assert find(place) == originals


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def cut_short(place, originals):
    replace(place / NAMES[0], originals[NAMES[0]][:-1])


def empty_file(place, originals):
    replace(place / NAMES[0], b"")


def truncated_gzip(place, originals):
    (place / NAMES[3]).unlink()
    (place / f"{NAMES[3]}.gz").write_bytes(gzip.compress(originals[NAMES[3]])[:-20])


def gzip_bomb(place, originals):
    (place / NAMES[3]).unlink()
    (place / f"{NAMES[3]}.gz").write_bytes(gzip.compress(bytes(BYTES[NAMES[0]] + 1000), 1))


def flipped_byte(place, originals):
    content = bytearray(originals[NAMES[1]])
    content[1000] ^= 1
    replace(place / NAMES[1], bytes(content))


def other_data_of_the_same_form(place, originals):
    """What Fashion-MNIST is: the same header and size, other pixels."""
    noise = np.random.default_rng(0).integers(0, 256, BYTES[NAMES[2]] - 16, np.uint8).tobytes()
    replace(place / NAMES[2], originals[NAMES[2]][:16] + noise)


def other_data_before_it(place, originals):
    """torchvision keeps FashionMNIST/ beside MNIST/."""
    cut_short(place, originals)
    (place / "FashionMNIST").mkdir()
    (place / "FashionMNIST" / NAMES[0]).write_bytes(originals[NAMES[0]][:100])
    (place / "MNIST").mkdir()
    (place / NAMES[0]).rename(place / "MNIST" / NAMES[0])


def no_test_labels(place, _):
    (place / NAMES[3]).unlink()


def only_test_images(place, _):
    for index in (0, 1, 3):
        (place / NAMES[index]).unlink()


def broken_link(place, _):
    (place / NAMES[3]).unlink()
    link(place / NAMES[3], place / "nowhere")


def link_to_itself(place, _):
    (place / NAMES[3]).unlink()
    link(place / NAMES[3], place / NAMES[3])


def pipe(place, _):
    (place / NAMES[3]).unlink()
    os.mkfifo(place / NAMES[3])


def huge(place, _):
    (place / NAMES[3]).unlink()
    with (place / NAMES[3]).open("wb") as file:
        file.truncate(10**12)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut_short, f"lacks only {NAMES[0]}; .*/{NAMES[0]} is cut short: .*47,040,016 bytes, got 47,040,015"),
        (empty_file, "is cut short: .*47,040,016 bytes, got 0"),
        (truncated_gzip, f"{NAMES[3]}.gz: cannot be read: Compressed file ended"),
        (gzip_bomb, f"{NAMES[3]}.gz is too long: .* got 47,040,017"),
        (flipped_byte, f"{NAMES[1]} has the size of MNIST's file but other bytes"),
        (other_data_of_the_same_form, "such as Fashion-MNIST"),
        (other_data_before_it, "/MNIST/train-images-idx3-ubyte is cut short: .* got 47,040,015"),
        (no_test_labels, f"lacks only {NAMES[3]}. Name a directory"),
        (only_test_images, f"lacks {NAMES[0]}, {NAMES[1]}, {NAMES[3]}. Name"),
        (broken_link, f"{NAMES[3]}: cannot be read: No such file"),
        (link_to_itself, f"{NAMES[3]}: cannot be read: Too many levels"),
        (pipe, f"{NAMES[3]}: cannot be read: not a file of at most"),
        (huge, f"{NAMES[3]}: cannot be read: not a file of at most"),
    ],
)
def test_what_comes_near_is_named_with_what_is_wrong(place, originals, spoil, message):
    spoil(place, originals)
    with pytest.raises(DataError, match=message) as caught:
        find(place)
    assert "\n" not in str(caught.value)


def nothing(_):
    pass


def kaggles_tables(place):
    place.mkdir()
    (place / "mnist_train.csv").write_text("label,1x1\n5,0\n")


def archives(place):
    place.mkdir()
    (place / "mnist.tar.gz").write_bytes(b"")


def broken_npz(place):
    place.mkdir()
    (place / "mnist.npz").write_bytes(b"PK\3\4" + bytes(10_000))


def npz_of_objects(place):
    place.mkdir()
    np.savez(place / "mnist.npz", x_train=np.array([print] * 10_000, object))


def npz_of_something_else(place):
    place.mkdir()
    np.savez(place / "weights.npz", kernel=np.zeros((784, 512)))


def broken_link_to_a_folder(place):
    link(place, place.parent / "gone")


def a_text(place):
    place.write_text("MNIST is at Jo's\n")


def a_socket(place):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))


def a_name_that_is_too_long(place):
    place.mkdir()
    return place / ("n" * 1000)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (nothing, "place does not exist. Name a directory"),
        (Path.mkdir, "place is empty. Name a directory"),
        (broken_link_to_a_folder, r"place \(a link to .*gone\) does not exist"),
        (a_name_that_is_too_long, "cannot be reached: File name too long"),
        (a_text, "place holds none of MNIST's four files. Name"),
        (a_socket, "place is neither a directory nor a file"),
        (kaggles_tables, "none of MNIST's four files; .*mnist_train.csv: MNIST in the form .csv is not read"),
        (archives, "mnist.tar.gz: MNIST in the form .tar is not read"),
        (broken_npz, "mnist.npz: cannot be read: File is not a zip file"),
        (npz_of_objects, "mnist.npz: cannot be read: Object arrays cannot be loaded"),
        (npz_of_something_else, "place holds none of MNIST's four files. Name"),
    ],
)
def test_a_place_without_mnist_is_refused(tmp_path, build, message):
    place = tmp_path / "place"
    with pytest.raises(DataError, match=message):
        find(build(place) or place)


def test_a_folder_that_may_not_be_entered_is_named(public):
    place = public / "place"
    inner = place / "MNIST"
    inner.mkdir(parents=True)
    with forbidden(inner), pytest.raises(DataError, match="place/MNIST: cannot be read: Permission denied"):
        find(place)
    with forbidden(place), pytest.raises(DataError, match="place: cannot be read: Permission denied"):
        find(place)
    with forbidden(place), pytest.raises(DataError, match="place/MNIST cannot be reached: Permission denied"):
        find(inner)


def test_a_folder_with_more_files_than_anybody_keeps_beside_mnist_is_not_read_to_its_end(place, monkeypatch):
    monkeypatch.setattr(found, "ENTRIES", 3)
    with pytest.raises(DataError, match="no more than 3 files and folders in it were looked at"):
        find(place)


def test_deep_folders_are_not_entered(tmp_path, raw):
    for name in NAMES:
        link(tmp_path / "a" / "b" / "c" / "d" / name, raw / name)
    assert len(find(tmp_path / "a")) == len(NAMES)
    with pytest.raises(DataError, match="holds none of MNIST's four files"):
        find(tmp_path)


def test_folders_that_lead_back_end(place):
    link(place / "again", place)
    (place / NAMES[3]).unlink()
    with pytest.raises(DataError, match=f"lacks only {NAMES[3]}"):
        find(place)


def test_what_cannot_be_mnist_by_its_size_is_not_opened(place, monkeypatch):
    (place / "note.txt").write_bytes(bytes(found.SMALLEST - 1))
    with (place / "disk.img").open("wb") as file:
        file.truncate(found.LARGEST + 1)
    opened, unwrapped = [], found._unwrapped

    def remember(file, likely):
        opened.append(Path(file.name).name)
        return unwrapped(file, likely)

    monkeypatch.setattr(found, "_unwrapped", remember)
    find(place)
    assert sorted(opened) == sorted(NAMES)
