"""The project is a template: other images, in colours, and another network are sixty lines, and the suite holds them.

In a copy, as docs/how-to/template.md says: 16 x 16 pixels of photographs, and a network in two frameworks, for which
nobody derives a gradient by hand.
"""

import difflib
import hashlib
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from harness import ROOT
from tests.project import Project, require

DATASET = """DATASET = Dataset(
    "photos",
    image_shape=(16, 16, 3),
    classes=2,
    train=1500,
    test=300,
    files={{
{files}
    }},
)
"""
CONTRACT = """NETWORKS = {
    "small": Network(
        {"conv/kernel": (3, 3, 3, 8), "conv/bias": (8,), "out/kernel": (512, 2), "out/bias": (2,)},
        accuracy=0.9,
        epochs=10,
        positions={"conv/kernel": 16 * 16},
        flattened={"out/kernel": 8},
    ),
"""
PYTORCH = """class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding="same")
        self.out = nn.Linear(8 * 8 * 8, 2)

    def forward(self, x):
        x = x.unflatten(1, (16, 16, 3)).movedim(3, 1)  # (n, 768) -> (n, 16, 16, 3) -> (n, 3, 16, 16)
        x = max_pool2d(relu(self.conv(x)), 2)  # (n, 3, 16, 16) -> (n, 8, 8, 8)
        return self.out(x.flatten(1))  # (n, 8, 8, 8) -> (n, 512) -> (n, 2)


MODELS = {"small": Small, """
JAX = """def small(params, x):
    x = x.reshape(-1, 16, 16, 3)  # (n, 768) -> (n, 16, 16, 3)
    x = max_pool(jax.nn.relu(conv(params["conv"], x)))  # (n, 16, 16, 3) -> (n, 8, 8, 8)
    return dense(params["out"], x.reshape(len(x), -1))  # (n, 8, 8, 8) -> (n, 512) -> (n, 2)


MODELS = {"small": small, """
KERNELS = """KERNEL_SHAPES = {
    "small": {"conv": (3, 3, 3, 8), "out": (512, 2)},"""
LOAD = """def load_mnist(folder):
    names = "train-images", "train-labels", "test-images", "test-labels"
    files = [np.fromfile(Path(folder, "photos", "raw", name), np.uint8) for name in names]
    images, test_images = (file[20:].reshape(-1, 16, 16, 3) for file in files[::2])  # behind a header of 20 bytes
    labels, test_labels = (file[8:]{integers} for file in files[1::2])
    return (images, labels), (test_images, test_labels)


def preprocess"""


def between(text: str, first: str, last: str) -> str:
    """The part of the text from one to the other, with both."""
    start = text.index(first)
    return text[start : text.index(last, start + len(first)) + len(last)]


@pytest.fixture(scope="module")
def template(tmp_path_factory, dataset):
    require("sklearn", "torch", "torchvision", "jax", "optax")
    return Project(tmp_path_factory.mktemp("template"), dataset)


@pytest.fixture(scope="module")
def changed(template):
    """Change the copy, and add a file of data; return file -> lines that are new in it."""
    from tests import photos  # not above: scikit-learn may be missing

    template.add_file("harness/data/photos.py", Path(photos.__file__).read_text(encoding="utf-8"))
    contents = photos.from_scikit_learn().items()
    files = "\n".join(f'        "{name}": "{hashlib.sha256(content).hexdigest()}",' for name, content in contents)
    edits = {
        "impls/contract.py": [
            (("DATASET = Dataset(", "\n)\n"), DATASET.format(files=files)),
            (("NETWORKS = {\n", ""), CONTRACT),
        ],
        "harness/data/sources.py": [
            (("import numpy as np", ""), "import numpy as np\n\nfrom harness.data.photos import from_scikit_learn"),
            (("SOURCES = {", "\n}\n"), 'SOURCES = {"scikit-learn": from_scikit_learn}\n'),
        ],
        "impls/pytorch/mnist.py": [
            (("MODELS = {", ""), PYTORCH),
            (("import torch\n", ""), "import numpy as np\nimport torch\n"),
            (("def load_mnist(", "def preprocess"), LOAD.format(integers=".astype(np.int64)")),
        ],
        "impls/jax/mnist.py": [
            (("MODELS = {", ""), JAX),
            (("KERNEL_SHAPES = {", ""), KERNELS),
            (("def load_mnist(", "def preprocess"), LOAD.format(integers="")),
        ],
    }
    new = {}
    for path, changes in edits.items():
        before = after = (ROOT / path).read_text()
        for ends, text in changes:
            after = after.replace(between(after, *ends), text, 1)
        template.add_file(path, after)
        difference = difflib.ndiff(before.splitlines(), after.splitlines())
        new[path] = [line for line in difference if line.startswith("+ ") and line.strip() != "+"]
    return new


@pytest.fixture(scope="module")
def run(template, changed):
    def run(*arguments):
        chosen = ("--network", "small", "--framework", "pytorch", "--framework", "jax")
        cache = template.folder / "cache"
        done = template.run("-q", *chosen, *arguments, MNIST_DIR="", XDG_CACHE_HOME=str(cache))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_it_is_sixty_lines_and_one_file(changed):
    for path, lines in changed.items():
        print(path, len(lines), *lines, sep="\n")
    assert sum(map(len, changed.values())) <= 60


def test_network_tests_are_collected_for_it(run):
    collected = [line for line in run("--collect-only").splitlines() if line.startswith("tests/")]
    assert len(collected) > 100
    assert all("-small" in line for line in collected)


def test_equivalence_accuracy_and_latency_pass(run, template):
    """The reference is the other framework, in float64."""
    few = ("-k", "test_logits or many_steps or accuracy or train_step-128 or epoch", "--process-runs", "1")
    said = run("-m", "equivalence or accuracy or latency", *few, "--junitxml=report.xml")
    assert "Largest relative error of small compared with the reference, jax in float64" in said
    assert "Training steps of small in multiples of the roofline" in said
    cases = [case.get("name") for case in ElementTree.parse(template.folder / "report.xml").iter("testcase")]
    for test in (
        "test_many_steps[float64-pytorch-small]",
        "test_accuracy[jax-small]",
        "test_latency[jax-small-fit-epoch]",
    ):
        assert test in cases


@pytest.mark.long
def test_the_whole_suite_passes_on_it(run):
    """But what looks for functions that an adapter never calls: the networks for MNIST are still in the files."""
    run("-m", "not tutorial")


def test_two_versions_of_a_framework_are_compared_on_it(run):
    asked = ("-m", "regression", "-k", "computes and pytorch", f"--candidate-python={sys.executable}")
    assert "A VERSION AGAINST ITSELF" in run(*asked, "tests/test_regression.py")
