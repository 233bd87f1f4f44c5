"""Of the distributions that are imported alike, an environment holds the required one, or else the installed one."""

import re
from types import SimpleNamespace

import pytest

from harness.regression.requirements import NotBuilt, chosen, dependents, given_or_installed, parsed

HERE = {
    "jax": ["numpy>=2"],
    "keras": ["numpy"],
    "keras-hub": ["keras"],
    "numpy": [],
    "pillow": [],
    "tensorflow": ["keras>=3.12", "numpy", 'triton; extra == "cuda"'],
}


@pytest.fixture
def here(monkeypatch):
    """The installed distributions, which a test may change."""
    found = {name: SimpleNamespace(version="1", requires=needs) for name, needs in HERE.items()}
    monkeypatch.setattr("harness.regression.installed.distributions", lambda: found)
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: {"PIL": ["Pillow", None]})
    return found


@pytest.mark.parametrize(
    ("required", "packages", "held", "excluded"),
    [
        (["Keras_Nightly>=3.dev0"], ["keras", "jax"], {"keras-nightly", "jax"}, {"keras"}),
        (["tf-nightly"], ["tensorflow"], {"tf-nightly", "keras"}, {"tensorflow", "keras-nightly"}),
        (["jax[cuda12]==0.10.2", "numpy<2"], ["jax", "numpy"], {"jax"}, {"intel-numpy"}),
        (["numpy"], ["PIL", "not_here"], {"pillow", "not-here"}, set()),  # PIL is a module of Pillow
    ],
)
def test_required_distribution_replaces_the_installed_one(here, required, packages, held, excluded):
    found = chosen(required, packages)
    assert found[0] == held | {"numpy"}  # all of them need it
    assert excluded <= found[1]


def test_installed_distribution_stays_unless_another_is_required(here):
    here["keras-nightly"] = here.pop("keras")
    here["tensorflow-cpu"] = here.pop("tensorflow")
    assert given_or_installed([], ["keras", "tensorflow"]) == ["keras-nightly==1", "tensorflow-cpu==1"]
    assert chosen(["keras==3"], ["tensorflow"])[0] == {"numpy", "keras", "tensorflow-cpu"}


def test_two_distributions_imported_alike_are_refused(here):
    with pytest.raises(NotBuilt, match="keras and keras-nightly"):
        chosen(["keras-nightly", "keras==3.14.1"], ["keras"])
    here["keras-nightly"] = here["keras"]
    with pytest.raises(NotBuilt, match="keras and keras-nightly"):
        chosen(["jax==0.10"], ["keras", "jax"])


def test_dependents_include_those_of_distributions_alike(here):
    assert dependents("numpy") == {"numpy", "jax", "keras", "keras-hub", "tensorflow"}
    assert dependents("keras-nightly") == dependents("keras") == {"keras", "keras-hub", "tensorflow"}


@pytest.mark.parametrize("text", ["keras=3.14.1", "-r requirements.txt", "keras @ file:///k", "keras; extra == 'x'"])
def test_text_that_is_no_fixed_requirement_is_refused(text):
    with pytest.raises(NotBuilt, match=re.escape(repr(text)[1:-1])):
        parsed(text)
