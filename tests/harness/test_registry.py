"""An implementation is found by its file name, and says by its imports what must be installed; nothing is imported."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import impls
from harness.measuring import floor
from impls import Entrant, NotWritten
from impls.contract import COMPARED, Settings
from tests.project import require

FRAMEWORKS = {"tensorflow", "torch", "jax", "keras", "optax", "torchvision"}


def test_names_are_the_files():
    assert {"jax", "keras", "numpy", "pytorch", "tensorflow"} <= set(impls.names())
    assert not {"contract", "_main", "__init__"} & set(impls.names())


def test_variants_say_what_they_need():
    assert impls.variants()["pytorch"].packages == ("numpy", "torch", "torchvision")
    assert impls.variants()["keras-jax"].packages == ("keras", "numpy", "jax")
    assert impls.variants()["keras-torch"].environment == {"KERAS_BACKEND": "torch"}
    assert "keras" not in impls.variants()


def public_methods(path, class_name):
    tree = ast.parse(path.read_text())
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


@pytest.mark.parametrize("name", impls.names())
def test_methods_stand_in_the_same_order_in_every_file(name):
    """So that any two files can be read side by side."""
    folder = Path(impls.__file__).parent
    contract = public_methods(folder / "contract.py", "Implementation")
    methods = public_methods(folder / f"{name}.py", "Classifier")
    assert [method for method in methods if method in contract] == contract
    assert set(methods) - set(contract) <= {"float64_gap"}


def test_listing_and_the_whole_harness_import_no_framework():
    code = (
        "import sys, pathlib, importlib, impls, conftest\n"
        "modules = ['.'.join(path.with_suffix('').parts) for path in pathlib.Path('harness').rglob('*.py')]\n"
        "[importlib.import_module(module) for module in modules if not module.endswith('__init__')]\n"
        "impls.variants()\n"
        f"print({FRAMEWORKS!r} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_unknown_variant():
    with pytest.raises(ValueError, match=r"unknown variant 'tensorflw', expected one of .*tensorflow"):
        impls.load("tensorflw", Settings())


def test_two_enemies_in_one_process_are_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())
    require("tensorflow", "keras")
    with pytest.raises(RuntimeError, match="has imported torch, and with tensorflow beside it"):
        impls.load("keras-tensorflow", Settings())


def test_a_second_backend_in_one_process_is_refused(monkeypatch):
    require("keras", "jax")
    monkeypatch.setattr(impls, "_loaded", {"keras-tensorflow"})
    with pytest.raises(RuntimeError, match="this process has loaded keras-tensorflow already"):
        impls.load("keras-jax", Settings())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """In the place of impls/, with one sound implementation in it."""
    (tmp_path / "sound.py").write_text("import numpy\n")
    monkeypatch.setattr(impls, "FOLDER", tmp_path)
    impls.variants.cache_clear()
    yield tmp_path
    impls.variants.cache_clear()


HIDDEN = {
    ".#sound.py": lambda path: path.symlink_to("someone@somewhere.1234"),  # Emacs: the file is being edited
    "._sound.py": lambda path: path.write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X"),
    ".hidden.py": lambda path: path.write_text("def"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_file_is_no_implementation(folder, name):
    HIDDEN[name](folder / name)
    assert impls.names() == ("sound",)


def write(content):
    return lambda path: path.write_bytes(content)


UNREADABLE = {
    "latin.py": (write(b"name = 'caf\xe9'\n"), "unicode error"),
    "nulls.py": (write(b"a\0b"), "null bytes"),
    "wrong.py": (write(b"import numpy\ndef (:\n"), "line 2: invalid syntax"),
    "deep.py": (write(b"(" * 1000 + b")" * 1000), "too many nested parentheses"),
    "coded.py": (write(b"# coding: nonsense\n"), "unknown encoding: nonsense"),
    "empty_link.py": (lambda path: path.symlink_to("nowhere"), "it is a link to nothing"),
    "folder.py": (lambda path: path.mkdir(), "it is not a file"),
    "pipe.py": (os.mkfifo, "it is not a file"),
    "my-net.py": (write(b"import numpy\n"), "Python cannot import a file of this name"),
    "sound-notebook.py": (write(b"import numpy\n"), "Python cannot import a file of this name"),
    "none.py": (write(b"BACKENDS: tuple[str, ...]"), "got nothing"),
    "letters.py": (write(b'BACKENDS = ("numpy")'), "got 'numpy'"),
    "void.py": (write(b"BACKENDS = ()"), "got ()"),
    "twice.py": (write(b'BACKENDS = ("jax", "jax")'), "got ('jax', 'jax')"),
    "numbers.py": (write(b"BACKENDS = (1, 2)"), "got (1, 2)"),
    "sets.py": (write(b"BACKENDS = {[]: 1}"), "got {[]: 1}"),
    "computed.py": (write(b"BACKENDS = tuple(find())"), "got tuple(find())"),
    "training.py": (write(b'BACKENDS = ("jax", "notebook")'), "got ('jax', 'notebook')"),
    "unknown.py": (
        write(b'MODELS = {"mlp": 1, "rnn": 2}'),
        "networks of impls/contract.py (mlp, cnn), got",
    ),
    "listed.py": (write(b'MODELS = ["mlp"]'), "got ['mlp']"),
    "modelless.py": (write(b"MODELS = {}"), "got {}"),
    "spread.py": (write(b"MODELS = {**others}"), "got {**others}"),
}


@pytest.mark.parametrize("file", UNREADABLE)
def test_a_file_that_cannot_be_read_is_broken_by_name_and_the_others_go_on(folder, file):
    make, reason = UNREADABLE[file]
    make(folder / file)
    broken, sound = sorted(impls.variants().values(), key=lambda variant: not variant.flaw)
    assert sound.name == "sound"
    assert not sound.flaw
    assert broken.implementation == file.removesuffix(".py")
    with pytest.raises(impls.BrokenImplementation) as raised:
        impls.load(broken.name)
    assert str(raised.value).startswith(f"impls/{file} is no implementation: ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_may_not_be_read_is_broken_by_name(folder, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert impls.variants()["sound"].flaw == "impls/sound.py is no implementation: Permission denied"


def test_a_package_of_the_same_name_would_be_imported_instead(folder):
    (folder / "sound").mkdir()
    assert not impls.variants()["sound"].flaw
    (folder / "sound" / "__init__.py").touch()
    impls.variants.cache_clear()
    assert "Python cannot import a file of this name" in impls.variants()["sound"].flaw


@pytest.mark.parametrize(
    "line", ["BACKENDS: tuple[str, ...] = ('a', 'b')", "BACKENDS = ['a', 'b']", "X = BACKENDS = 'a', 'b'"]
)
def test_backends_are_found_however_they_are_assigned(folder, line):
    (folder / "both.py").write_text(line)
    assert list(impls.variants()) == ["both-a", "both-b", "sound"]


def test_a_file_named_as_the_backend_of_another_does_not_hide_it(folder):
    (folder / "both.py").write_text("BACKENDS = ('a', 'b')")
    (folder / "both-a.py").write_text("")
    assert list(impls.variants()) == ["both-a", "both-b", "both-a.py", "sound"]


def test_no_file_can_have_the_name_of_the_floor(folder):
    (folder / f"{floor.NAME}.py").write_text("import numpy\n")
    (folder / "floor.py").write_text("import numpy\n")
    assert floor.NAME not in impls.variants()


def test_a_file_says_by_its_models_what_it_is_written_for(folder):
    (folder / "some.py").write_text("MODELS = {'cnn': None}")
    assert impls.variants()["some"].networks == ("cnn",)
    assert impls.variants()["sound"].networks == COMPARED, "it may inherit the models of another"
    assert impls.entrants(["sound", "some"], ["mlp", "cnn"]) == [
        Entrant("sound", "mlp"),
        Entrant("sound", "cnn"),
        Entrant("some", "cnn"),
    ]


def test_what_is_not_written_is_not_built(folder, monkeypatch):
    (folder / "some.py").write_text("MODELS = {'cnn': None}")
    monkeypatch.setattr(impls, "import_", lambda variant: None)
    with pytest.raises(NotWritten, match="some is not written for 'mlp': it has cnn"):
        impls.load("some", Settings())
