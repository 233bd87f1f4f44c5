"""Start a project with other images: `python -m harness.new ../birds --dataset birds --shape 32 32 3 ...`.

It has the chosen tutorials with the MLP and the CNN for its images, tests that hold for any images, and their imports.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

import impls
from harness import ROOT
from harness.data.standin import described, stand_ins
from harness.plugin.changed import imported
from impls.command_line import errors_in_one_line

TESTS = (
    *("accuracy", "adamw", "bad_input", "dataset", "equivalence", "latency", "memory", "network", "output"),
    *("preprocessing", "regression", "resume", "shuffling", "training", "tutorials"),
)
PROGRAMS = ("impls/__main__.py", "harness/page/__main__.py", "harness/workers/child.py")
OTHER_FILES = ("pytest.ini", "pyproject.toml", "LICENSE", ".gitignore", "docs/how-to/new-project.md")
LOADER = r"^def load_mnist.*?(?=^def preprocess)"
SIZED = ("impls/contract.py", "impls/adapter.py", "impls/*/mnist.py")  # files with the sizes of images

EDITS = (  # files, regular expression that must be in each, replacement
    ("impls/contract.py", r"^VIT_BLOCK = .*?(?=^NETWORKS = )", ""),
    ("impls/contract.py", r'^    "vit": .*?(?=^}$)', ""),
    ("impls/command_line.py", "`make data`", "`python -m harness.data.obtain`"),
    ("impls/*/adapter.py", ", resnet, state, vit$", ", state"),
    ("impls/*/adapter.py", ', "resnet": resnet, "vit": vit', ""),
    ("impls/jax/adapter.py", r"resnet\.train_step if self\.network\.state else ", ""),
    ("impls/pytorch/adapter.py", r', "torchvision"\)', ",)"),
    ("impls/pytorch/mnist.py", r"1, (28, 28)\)\) (.*?->)(.*?):[^\n]*", r"\1, 1)).movedim(3, 1) \2 (n, 28, 28, 1) ->\3"),
    ("impls/pytorch/mnist.py", r"^(import torch\n.*?)from torchvision import datasets\n", r"import numpy as np\n\1"),
    ("impls/pytorch/mnist.py", r"torch\.tensor\((\w*labels)\)", r"torch.tensor(\1, dtype=torch.int64)"),
    ("impls/*/mnist.py", ", and no download", ""),
    ("impls/[jn]*/mnist.py", r"^(import gzip|from urllib.request import urlopen)\n", ""),  # of JAX and NumPy
    ("tests/test_training.py", "0 < read < 3", "0 < read < 10"),  # the first loss grows with the number of pixels
    ("pytest.ini", r"^    (lessons|mutation): .*?\n", ""),
    ("pyproject.toml", r', "torchvision"|, "studies\*"|^\[tool\.rumdl\].*', ""),
)


def texts(frameworks: Sequence[str]) -> dict[str, str]:
    """Return the text of each file of this project that the new one has, by its path from the root."""
    of_numpy = ("adamw_reference", "reference") if "numpy" in frameworks else ()
    tests = [f"tests/test_{name}.py" for name in (*TESTS, *of_numpy)]
    plugins = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("harness/plugin/*.py")]
    adapters = [f"impls/{framework}/adapter.py" for framework in frameworks]
    roots = ["conftest.py", "tests/conftest.py", *PROGRAMS, *plugins, *adapters, *tests]
    paths = {Path(file) for file in set().union(*map(imported, roots)) if Path(file).stem not in ("resnet", "vit")}
    paths |= {path.parent / "__init__.py" for path in paths if (ROOT / path.parent / "__init__.py").exists()}
    paths |= {path.relative_to(ROOT) for path in ROOT.glob("harness/page/templates/*")} | {*map(Path, OTHER_FILES)}
    found = {path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in sorted(paths)}
    return found | {"harness/data/sources.py": (ROOT / "harness/data/standin.py").read_text(encoding="utf-8")}


def edited(path: str, text: str, edits: Iterable[tuple[str, str, str]]) -> str:
    """Return the text after the edits of this file. Raises `LookupError` for one that finds nothing to replace."""
    for files, pattern, replacement in edits:
        if PurePath(path).match(files):
            text, count = re.subn(pattern, replacement, text, flags=re.M | re.S)
            if not count:
                raise LookupError(f"{path}: expected {pattern!r}; adapt EDITS in harness/new.py to the file")
    return text


def loader() -> str:
    """Return NumPy's `load_mnist` without its download."""
    text = (impls.FOLDER / "numpy" / "mnist.py").read_text(encoding="utf-8")
    function = re.search(LOADER, text, re.M | re.S)[0]
    return re.sub(r"    for file in files:\n( {8}.*\n)+| Download missing files\.", "", function)


def sized(text: str, shape: Sequence[int], classes: int) -> str:
    """Return the text with the sizes of the MLP and the CNN for images of this shape instead of MNIST's."""
    (h, w), channels, header = shape[:2], (*shape, 1)[2], 8 + 4 * len(shape)  # bytes before the images of an IDX file
    sizes = {
        **{"28, 28, 1": f"{h}, {w}, {channels}", "1, 28, 28": f"{channels}, {h}, {w}", "28, 28, 32": f"{h}, {w}, 32"},
        **{"28, 28": ", ".join(map(str, shape)), "28 * 28": f"{h} * {w}", "784": f"{h * w * channels}"},
        **{"14, 14": f"{h // 2}, {w // 2}", "14 * 14": f"{h // 2} * {w // 2}"},
        **{"7, 7": f"{h // 4}, {w // 4}", "7 * 7": f"{h // 4} * {w // 4}", "3136": f"{h // 4 * (w // 4) * 64}"},
        **{"3, 3, 1, 32": f"3, 3, {channels}, 32", "Conv2d(1, 32": f"Conv2d({channels}, 32"},
        **{"16:": f"{header}:", "16 or 8": f"{header} or 8", "0..9": f"0..{classes - 1}"},
    }
    longest_first = "|".join(re.escape(each) for each in sorted(sizes, key=len, reverse=True))
    text = re.sub(rf"(?<![-\w])({longest_first})(?!\w)", lambda found: sizes[found[0]], text)
    text = re.sub(r"(?<=[ (])10(?=[.,)\s](?!\d))", str(classes), text)  # of "-> 10", "(n, 10)", "Dense(10)"
    return text.replace("-idx3-", f"-idx{1 + len(shape)}-").replace("t10k-", "test-")


def contents(project: str, options: argparse.Namespace) -> dict[str, str]:
    """Return the text of each file of the new project, by its path."""
    name, shape, classes = options.dataset, options.shape, options.classes
    unwanted = "|".join(
        {"readme", "description", "edge", "test", "dev", "site", "detectors", *impls.names()} - {*options.frameworks}
    )
    first = [*EDITS, ("impls/*/mnist.py", LOADER, loader()), ("pyproject.toml", rf"^({unwanted}) = .*?\n", "")]
    last = [("impls/contract.py", r"^DATASET = .*?^\)\n", described(name, stand_ins(shape, classes), classes))]
    files = texts(options.frameworks)
    for path, text in files.items():
        text = edited(path, text, first)
        if any(PurePath(path).match(each) for each in SIZED):
            text = edited(path, sized(text, shape, classes), last)
        files[path] = re.sub(r"\bMNIST\b", name, text).replace("mnist-frameworks", project)
    return files


def problem(options: argparse.Namespace) -> str:
    """Return why there can be no such project; "" if there can."""
    path, shape = options.path.absolute(), options.shape
    if not path.parent.is_dir() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        return f"{path}: expected a new path in an existing folder, or an empty folder"
    for what, name in (("the folder", path.name), ("--dataset", options.dataset)):
        if not re.fullmatch(r"[A-Za-z][\w.-]*", name):
            return f"{what} {name}: expected letters, digits, '.', '_' and '-', with a letter first"
    if len(shape) not in (2, 3) or min(shape) < 1:
        return f"--shape {shape}: expected height, width, and channels if there are several"
    if shape[0] % 4 or shape[1] % 4:
        return f"--shape {shape}: the CNN halves both sides twice: resize or pad the images to multiples of 4"
    return "" if 2 <= options.classes <= 256 else f"--classes {options.classes}: expected 2..256: a label is a byte"


def main() -> None:
    """Write the project in a scratch folder, and move it to its path in the end."""
    parser = argparse.ArgumentParser(prog="python -m harness.new", description="Start a project with other images.")
    parser.add_argument("path", type=Path, help="the new folder")
    parser.add_argument("--dataset", required=True, metavar="NAME", help="name of the data set")
    parser.add_argument("--shape", required=True, type=int, nargs="+", metavar="N", help="height, width and channels")
    parser.add_argument("--classes", required=True, type=int, help="number of classes, 2..256")
    parser.add_argument("--frameworks", required=True, nargs="+", choices=impls.names(), help="folders of impls/")
    options = parser.parse_args()
    if reason := problem(options):
        sys.exit(f"error: {reason}")
    path = options.path.absolute()
    files = contents(path.name, options)
    with errors_in_one_line(), tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as scratch:
        project = Path(scratch, path.name)
        for name, text in files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(text, encoding="utf-8")
        project.rename(path)
    print(f"{options.path}: {len(files)} files. Its images are stand-ins until you replace them.")
    print(f"Next: cd {options.path}; python -m pytest; and read docs/how-to/new-project.md")


if __name__ == "__main__":
    main()
