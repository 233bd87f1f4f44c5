"""Each cell of docs/reference/defaults.md holds for the installed packages."""

import pytest

import impls
from impls.defaults import PAGE, observe, variants
from impls.defaults.page import differences


@pytest.mark.defaults
@pytest.mark.parametrize("variant", variants())
def test_page_holds_for_the_packages(variant):
    for package in impls.missing(variant):
        pytest.skip(f"{package} is not installed, and {variant} needs it")
    found = differences(PAGE.read_text(encoding="utf-8"), variant, observe(variant))
    assert not found, "\n".join(found)
