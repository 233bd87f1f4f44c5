"""An environment holds what was asked for, whatever uv is configured to, and one that was damaged is built anew."""

import subprocess
from pathlib import Path

import pytest

from harness.regression.environments import NotBuilt, obtain
from tests.wheels import only_wheels, wheel

wheels = pytest.fixture(only_wheels)
TARGET = "[pip]\ntarget = 'lib'\n"


@pytest.fixture
def configure(tmp_path, wheels, monkeypatch):
    """Return a function that writes the uv.toml of the current folder."""
    monkeypatch.chdir(tmp_path)
    return lambda text: (tmp_path / "uv.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "environments"


def version(python):
    code = "import toyframework; print(toyframework.version)"
    return subprocess.run([python, "-c", code], capture_output=True, encoding="utf-8", check=True).stdout.strip()


@pytest.mark.parametrize("named", [False, True])
def test_configuration_of_uv_changes_no_environment(configure, root, tmp_path, monkeypatch, named):
    configure(TARGET)
    if named:
        monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
    assert version(obtain(["toyframework==1.0"], ["toyframework"], root)) == "1.0"


def test_variable_of_uv_changes_no_environment(wheels, root, monkeypatch):
    monkeypatch.setenv("UV_PRERELEASE", "allow")
    wheel(wheels, "toynew", "1.0")
    wheel(wheels, "toynew", "2.0rc1")
    python = obtain(["toynew"], [], root)
    assert list(python.parents[1].glob("lib/python*/site-packages/toynew-1.0.dist-info"))


def test_indexes_of_uv_are_kept(configure, root, wheels, monkeypatch):
    monkeypatch.delenv("PIP_FIND_LINKS")
    configure(f"{TARGET}find-links = ['{wheels}']\nno-index = true")
    assert version(obtain(["toyframework==1.0"], [], root)) == "1.0"


def test_module_that_is_not_there_keeps_no_environment(wheels, root):
    wheel(wheels, "toyodd", "1.0", module="other")
    with pytest.raises(NotBuilt, match="toyodd"):
        obtain([], ["toyodd"], root)
    assert not list(root.glob("*/"))


@pytest.mark.parametrize(
    ("file", "harm"),
    [("toyframework.py", Path.unlink), ("__pycache__/toyframework.*.pyc", lambda path: path.write_bytes(b""))],
    ids=["removed", "compiled"],
)
def test_damaged_environment_is_built_anew(wheels, root, file, harm):
    python = obtain(["toyframework==1.0"], [], root)
    [path] = python.parents[1].glob(f"lib/python*/site-packages/{file}")
    harm(path)
    assert version(obtain(["toyframework==1.0"], [], root)) == "1.0"


def test_environment_without_its_interpreter_is_built_anew(wheels, root):
    obtain(["toyframework==1.0"], [], root).unlink()
    assert version(obtain(["toyframework==1.0"], [], root)) == "1.0"
