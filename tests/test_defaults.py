"""Each cell of docs/reference/defaults.md is the answer of the installed package."""

import pytest

import impls
from impls import defaults


@pytest.mark.defaults
@pytest.mark.parametrize("variant", defaults.variants())
def test_page_says_what_the_packages_answer(variant):
    for package in impls.missing(variant):
        pytest.skip(f"{package} is not installed, and {variant} needs it")
    differences = defaults.differences(defaults.PAGE.read_text(encoding="utf-8"), variant, defaults.ask(variant))
    assert not differences, "\n".join(differences)
