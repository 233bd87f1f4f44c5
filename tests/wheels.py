"""The smallest package that uv installs, for tests of environments."""

import os
import zipfile
from pathlib import Path

import pytest

# Code of a module whose import writes its process number to a file, and never ends.
ENDLESS = """
import os, threading
with open({file!r}, "w") as file:
    file.write(f"{{os.getpid()}} end")
threading.Event().wait()
"""


def wheel(folder, name, version, needs=(), module=None, code=""):
    """Write the smallest wheel of a package that knows its version."""
    info = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{module or name}.py": f"version = {version!r}\n{code}",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{file},,{len(text)}\n" for file, text in files.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)


def only_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder with the only packages that uv finds: three toys, of two versions each."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        wheel(folder, "toyframework", version)
        wheel(folder, "toymath", version)
        wheel(folder, "toyvision", version, needs=[f"toyframework=={version}"])
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))  # pip's settings apply where uv has none
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return folder
