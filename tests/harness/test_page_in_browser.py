"""In a browser the page is readable: on a phone and on a desk, in light and dark, without a network."""

import pytest

from harness.page.page import html
from tests.results import kept, results, verdicts

VARIANTS = ("jax", "keras-tensorflow", "keras-torch", "keras-jax", "numpy", "pytorch", "tensorflow")
CONTRAST = """
selector => {
  const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = text => text.match(/[\\d.]+/g).slice(0, 3).map(number => linear(number / 255))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const style = getComputedStyle(document.querySelector(selector));
  const both = [selector.startsWith("svg") ? style.fill : style.color, getComputedStyle(document.body).backgroundColor];
  const [dark, light] = both.map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
"""


@pytest.mark.parametrize(("scheme", "width", "paper"), [("light", 1400, "255, 255, 255"), ("dark", 360, "20, 24, 29")])
def test_page_is_readable(browser, tmp_path, scheme, width, paper):
    """WCAG 2.2 (1.4.3) requires a contrast of 4.5 for text."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(kept(tmp_path, html(results(VARIANTS, upgrades=[verdicts()])), "report.html").as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [page.url]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({paper})"
    texts = ["body", ".note", "thead th", "svg text.tick", "svg text.said", "td.worse"]
    texts += [f"svg text.v{place}" for place in range(len(VARIANTS))]
    assert min(page.evaluate(CONTRAST, selector) for selector in texts) >= 4.5
