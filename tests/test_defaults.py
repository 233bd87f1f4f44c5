"""Each cell of docs/reference/defaults.md holds for the installed packages."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import impls
from impls.defaults import PAGE, observe, variants
from impls.defaults.page import differences

TOGETHER = 2  # processes: an import of a framework uses one core


@pytest.fixture(scope="module")
def observed(request):
    """The observations of the chosen variants, as futures."""
    items = [item for item in request.session.items if "observed" in getattr(item, "fixturenames", ())]
    chosen = [item.callspec.params["variant"] for item in items]
    with ThreadPoolExecutor(TOGETHER) as pool:
        yield {variant: pool.submit(observe, variant) for variant in chosen if not impls.missing(variant)}


@pytest.mark.defaults
@pytest.mark.parametrize("variant", variants())
def test_page_holds_for_the_packages(variant, observed):
    for package in impls.missing(variant):
        pytest.skip(f"{package} is not installed, and {variant} needs it")
    found = differences(PAGE.read_text(encoding="utf-8"), variant, observed[variant].result())
    assert not found, "\n".join(found)
