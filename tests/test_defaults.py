"""Each cell of docs/reference/defaults.md is the answer of the installed package."""

import pytest

import impls
from impls.defaults import PAGE, ask, variants
from impls.defaults.page import differences


@pytest.mark.defaults
@pytest.mark.parametrize("variant", variants())
def test_page_says_what_the_packages_answer(variant):
    for package in impls.missing(variant):
        pytest.skip(f"{package} is not installed, and {variant} needs it")
    found = differences(PAGE.read_text(encoding="utf-8"), variant, ask(variant))
    assert not found, "\n".join(found)
