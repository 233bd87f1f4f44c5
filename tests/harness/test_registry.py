"""A folder of impls/ with an adapter.py is an implementation; its source tells the packages that it needs."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import impls
from impls import Case
from impls.contract import DEFAULT_NETWORKS, Settings
from impls.numpy.adapter import Adapter
from tests.project import require

FRAMEWORKS = {"tensorflow", "torch", "jax", "keras", "optax", "torchvision"}


def test_listing_and_the_whole_harness_import_no_framework():
    code = (
        "import sys, pathlib, importlib, impls\n"
        "modules = ['.'.join(path.with_suffix('').parts) for path in pathlib.Path('harness').rglob('*.py')]\n"
        "[importlib.import_module(module) for module in modules if not module.endswith('__init__')]\n"
        "impls.variants()\n"
        f"print({FRAMEWORKS!r} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_tensorflow_and_torch_in_one_process_are_refused(monkeypatch):
    require("tensorflow", "keras")
    monkeypatch.setitem(sys.modules, "torch", object())
    with pytest.raises(RuntimeError, match="torch"):
        impls.load("keras-tensorflow", Settings())


def test_second_backend_in_one_process_is_refused(add_variant, monkeypatch):
    require("keras", "jax", "tensorflow")
    add_variant("other")
    for name in ("keras-jax", "keras-tensorflow"):
        pretending = impls.variants()[name]._replace(importer=lambda _: SimpleNamespace(Adapter=Adapter))
        monkeypatch.setitem(impls.variants(), name, pretending)
    monkeypatch.setenv("KERAS_BACKEND", "")
    for name in ("numpy", "keras-jax"):
        impls.load(name)
    with pytest.raises(RuntimeError, match="keras-tensorflow"):
        impls.load("keras-tensorflow")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Put an empty folder in the place of impls/. Return a function that adds an implementation to it."""

    def write(name, adapter="import numpy\n", tutorial="import numpy\n"):
        (tmp_path / name).mkdir()
        for file, source in (("adapter.py", adapter), ("mnist.py", tutorial)):
            (tmp_path / name / file).write_bytes(source.encode("latin-1"))
        impls.variants.cache_clear()

    monkeypatch.setattr(impls, "FOLDER", tmp_path)
    write("sound")
    yield write
    impls.variants.cache_clear()


def test_other_folders_are_no_implementations(write, tmp_path):
    write(".hidden")
    write("__pycache__")
    (tmp_path / "chapter").mkdir()
    (tmp_path / "chapter" / "mnist.py").touch()
    assert impls.names() == ("sound",)


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ({"adapter": "import numpy\ndef (:\n"}, "adapter.py, line 2"),
        ({"tutorial": "name = 'caf\xe9'\n"}, "unicode"),
        ({"adapter": "BACKENDS = tuple(find())"}, "find"),
    ],
    ids=["syntax", "encoding", "computed backends"],
)
def test_broken_folder_is_named_and_the_others_go_on(write, sources, reason):
    write("broken", **sources)
    assert list(impls.variants()) == ["broken", "sound"]
    with pytest.raises(impls.BrokenImplementation, match=f"impls/broken .*{reason}"):
        impls.load("broken")


def test_backends_make_a_variant_each(write):
    write("both", adapter="import more\nBACKENDS = ('a', 'b')")
    assert list(impls.variants()) == ["both-a", "both-b", "sound"]
    variant = impls.variants()["both-b"]
    assert variant.environment == {"BOTH_BACKEND": "b"}
    assert variant.packages == ("numpy", "more", "b")


def test_models_are_the_networks_of_a_variant(write):
    write("some", tutorial="MODELS = {'cnn': None}")
    assert impls.variants()["sound"].networks == DEFAULT_NETWORKS
    pairs = [("sound", "mlp"), ("some", "cnn"), ("sound", "cnn")]  # network by network
    assert impls.cases(["some", "sound"], ["mlp", "cnn"]) == [Case(*pair) for pair in pairs]
