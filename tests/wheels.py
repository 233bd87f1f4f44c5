"""The smallest package that uv installs, for tests of environments."""

import re
import zipfile
from importlib.metadata import distribution

# Code of a module whose import writes its process number to the file "started" in its TMPDIR, and never ends.
ENDLESS = """
import os, threading
with open(os.path.join(os.environ["TMPDIR"], "started"), "w") as file:
    file.write(f"{os.getpid()} end")
threading.Event().wait()
"""


def wheel(folder, name, version, needs=(), module=None, code="", more=None, digest=""):
    """Write the smallest wheel of a package that knows its version; return its path.

    `more` are other files, name -> content. `digest` is that of each file in RECORD.
    """
    info = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{module or name}.py": f"version = {version!r}\n{code}",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        **(more or {}),
    }
    record = "".join(f"{file},{digest},{len(text)}\n" for file, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path


def repacked(name, folder):
    """Write the wheel of an installed package, without the files that its installer added."""
    package = distribution(name)
    added = {"..", "__pycache__", "INSTALLER", "REQUESTED"}
    record = [line for line in package.read_text("RECORD").splitlines() if added.isdisjoint(re.split("[/,]", line))]
    with zipfile.ZipFile(folder / f"{name}-{package.version}-py3-none-any.whl", "w") as archive:
        for file in (line.split(",")[0] for line in record):
            if not file.endswith("/RECORD"):
                archive.write(package.locate_file(file), file)
        archive.writestr(f"{name}-{package.version}.dist-info/RECORD", "\n".join(record))
