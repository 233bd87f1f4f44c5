"""In a browser the page is readable: on a phone and on a desk, in light and dark, without a network."""

import pytest

from harness.page.page import html
from tests.browser import assert_readable
from tests.results import kept, results, verdicts

VARIANTS = ("jax", "keras-tensorflow", "keras-torch", "keras-jax", "numpy", "pytorch", "tensorflow")


@pytest.mark.parametrize(("scheme", "width", "paper"), [("light", 1400, "255, 255, 255"), ("dark", 360, "20, 24, 29")])
def test_page_is_readable(browser, tmp_path, scheme, width, paper):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(kept(tmp_path, html(results(VARIANTS, upgrades=[verdicts()])), "report.html").as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [page.url]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({paper})"
    assert_readable(page, width, "body *")
