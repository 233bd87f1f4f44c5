"""A requirement stands for what it is imported as: of the distributions that are imported alike, one is held."""

from types import SimpleNamespace

import pytest

from harness.regression import requirements
from harness.regression.requirements import NotBuilt, as_installed, chosen, depends_on, parsed

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
    """What is installed: a dictionary like `HERE`, each in version 1; pillow is imported as PIL."""
    needs = dict(HERE)

    def distributions():
        return {name: SimpleNamespace(version="1", requires=of_it) for name, of_it in needs.items()}

    monkeypatch.setattr("harness.regression.installed.distributions", distributions)
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: {"PIL": ["Pillow", None], "jax": ["jax"]})
    requirements._of_other_names.cache_clear()
    yield needs
    requirements._of_other_names.cache_clear()


@pytest.mark.parametrize(
    ("asked", "packages", "held", "rivals"),
    [
        (["keras-nightly"], ["keras", "jax"], {"keras-nightly", "jax"}, {"keras"}),
        (["keras-nightly"], ["tensorflow"], {"keras-nightly", "tensorflow"}, {"keras", "tf-nightly", "tensorflow-cpu"}),
        (["Keras_Nightly>=3.dev0"], ["keras"], {"keras-nightly"}, {"keras"}),
        (["keras==3.14.1"], ["keras", "jax"], {"keras", "jax"}, {"keras-nightly"}),
        (["tf-nightly"], ["tensorflow"], {"tf-nightly", "keras"}, {"tensorflow", "tensorflow-cpu", "keras-nightly"}),
        (["tf-nightly", "keras-nightly"], ["tensorflow"], {"tf-nightly", "keras-nightly"}, {"tensorflow", "keras"}),
        (["tensorflow-cpu"], ["keras", "tensorflow"], {"tensorflow-cpu", "keras"}, {"tensorflow", "keras-nightly"}),
        (["jax[cuda12]==0.10.2", "numpy<2"], ["jax", "numpy"], {"jax", "numpy"}, {"intel-numpy"}),
        (["numpy"], ["PIL", "numpy"], {"pillow", "numpy"}, set()),
        (["numpy"], ["not_here", "numpy"], {"not-here", "numpy"}, set()),
    ],
)
def test_what_is_named_replaces_what_is_imported_alike(here, asked, packages, held, rivals):
    found = chosen(asked, packages)
    assert found.held == held | {"numpy"}  # which all of them need
    assert rivals <= found.rivals
    assert not found.held & found.rivals


def test_what_is_installed_here_stays_unless_another_is_named(here):
    here["keras-nightly"] = here.pop("keras")
    here["tensorflow-cpu"] = here.pop("tensorflow")
    assert as_installed(["keras", "tensorflow"]) == ["keras-nightly==1", "tensorflow-cpu==1"]
    assert chosen(["numpy<2"], ["tensorflow"]).held == {"numpy", "keras-nightly", "tensorflow-cpu"}
    assert chosen(["keras==3"], ["tensorflow"]).held == {"numpy", "keras", "tensorflow-cpu"}


@pytest.mark.parametrize("system", ["intel", "macos", "cpu-aws"])
def test_what_tensorflow_needs_on_some_systems_is_not_taken_from_it(here, system):
    assert f"tensorflow-{system}" not in chosen(["tensorflow==2.15"], ["tensorflow"]).rivals
    assert "tensorflow" in chosen([f"tensorflow-{system}"], ["tensorflow"]).rivals
    here[f"tensorflow-{system}"] = []
    assert {"tensorflow", f"tensorflow-{system}", "keras"} < chosen(as_installed(["tensorflow"]), ["tensorflow"]).held


def test_two_that_are_imported_alike_are_refused(here):
    message = "^keras and keras-nightly would be written over each other, as keras: name one"
    with pytest.raises(NotBuilt, match=message):
        chosen(["keras-nightly", "keras==3.14.1"], ["keras"])
    here["keras-nightly"] = []
    with pytest.raises(NotBuilt, match=message):
        chosen(["jax==0.10"], ["keras", "jax"])
    assert chosen(["keras"], ["keras", "jax"]).held == {"keras", "jax", "numpy"}


def test_who_needs_what_is_read_from_what_is_installed(here):
    assert depends_on("numpy") == {"numpy", "jax", "keras", "keras-hub", "tensorflow"}
    assert depends_on("keras-nightly") == depends_on("keras") == {"keras", "keras-hub", "tensorflow"}
    assert depends_on("tf-nightly") == {"tensorflow"}
    assert depends_on("triton") == {"triton"}
    here["tensorflow-cpu"] = here.pop("tensorflow")
    assert depends_on("keras") == {"keras", "keras-hub", "tensorflow"}


def test_what_is_installed_here_can_be_asked_for():
    assert as_installed(["pytest", "no-such-package"]) == [f"pytest=={pytest.__version__}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keras=3.14.1", "is no requirement such as"),
        ("", "is no requirement such as"),
        ("-r requirements.txt", "is no requirement such as"),
        ("keras==3.14.1 numpy<2", "is no requirement such as"),
        ("keras==3.14.1\nnumpy<2", "is no requirement such as"),
        ("keras @ file:///home/me/keras", "may change while its name stays"),
        ("keras==3.14.1; python_version < '3'", r'asks for nothing: python_version < "3" is not so here$'),
        ("keras==3.14.1; extra == 'cuda'", r'asks for nothing: extra == "cuda" is not so here$'),
    ],
)
def test_what_is_no_requirement_is_one_clear_line(text, message):
    with pytest.raises(NotBuilt, match=message) as caught:
        parsed(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["jax[cuda12]==0.10.2", "keras==3; python_version > '3'", "keras @ https://example.invalid/keras.whl"]
)
def test_whatever_else_names_a_package_is_taken(text):
    assert parsed(text).name in {"jax", "keras"}
