"""The project is a template: another data set and another network are some forty lines, and the suite holds them.

Done in a copy, as docs/how-to/template.md says: scikit-learn's digits, of
8 x 8 pixels, and a network in two frameworks, for which nobody derives a gradient by hand.
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
    "digits",
    image_shape=(8, 8),
    classes=10,
    train=1500,
    test=297,
    files={{
{files}
    }},
)
"""
CONTRACT = """NETWORKS = {
    "small": Network(
        {"in/kernel": (64, 32), "in/bias": (32,), "out/kernel": (32, 10), "out/bias": (10,)}, accuracy=0.85, epochs=30
    ),
"""
PYTORCH = """class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 32)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        return self.out(relu(self.hidden(x)))  # (n, 64) -> (n, 32) -> (n, 10)


MODELS = {"small": Small, """
JAX = """def small(params, x):
    return dense(params["out"], jax.nn.relu(dense(params["in"], x)))  # (n, 64) -> (n, 32) -> (n, 10)


MODELS = {"small": small, """
KERNELS = """KERNEL_SHAPES = {
    "small": {"in": (64, 32), "out": (32, 10)},"""


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
    from tests import digits  # not above: scikit-learn may be missing

    template.add_file("harness/data/digits.py", Path(digits.__file__).read_text(encoding="utf-8"))
    contents = digits.from_scikit_learn().items()
    files = "\n".join(f'        "{name}": "{hashlib.sha256(content).hexdigest()}",' for name, content in contents)
    edits = {
        "impls/contract.py": [
            (("DATASET = Dataset(", "\n)\n"), DATASET.format(files=files)),
            (("NETWORKS = {\n", ""), CONTRACT),
        ],
        "harness/data/sources.py": [
            (("import numpy as np", ""), "import numpy as np\n\nfrom harness.data.digits import from_scikit_learn"),
            (("SOURCES = {", "\n}\n"), 'SOURCES = {"scikit-learn": from_scikit_learn}\n'),
        ],
        "impls/pytorch/mnist.py": [(("MODELS = {", ""), PYTORCH)],
        "impls/jax/mnist.py": [(("MODELS = {", ""), JAX), (("KERNEL_SHAPES = {", ""), KERNELS)],
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


def test_it_is_forty_lines_and_one_file(changed):
    for path, lines in changed.items():
        print(path, len(lines), *lines, sep="\n")
    assert sum(map(len, changed.values())) <= 40


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


def test_two_versions_of_a_framework_are_compared_on_it(run):
    asked = ("-m", "regression", "-k", "computes and pytorch", f"--candidate-python={sys.executable}")
    assert "A VERSION AGAINST ITSELF" in run(*asked, "tests/test_regression.py")
