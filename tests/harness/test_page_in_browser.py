"""In a real browser a page is whole: on a telephone, on a desk and on paper, in light and dark, without a network."""

import shutil

import pytest

from harness.page.page import html
from tests.found import kept, results, verdicts

VARIANTS = ("jax", "keras-tensorflow", "keras-torch", "keras-jax", "numpy", "pytorch", "tensorflow")
READABLE = 4.5  # contrast of text, as the Web Content Accessibility Guidelines 2.2 ask for it (1.4.3)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
CONTRAST = """
selector => {
  const channels = text => text.match(/[\\d.]+/g).slice(0, 3).map(number => number / 255);
  const linear = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = text => channels(text).map(linear)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const style = getComputedStyle(document.querySelector(selector));
  const text = light(selector.startsWith("svg") ? style.fill : style.color);
  const paper = light(getComputedStyle(document.body).backgroundColor);
  return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05);
}
"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens the page of a run of all variants; `requests` are what it asked for."""
    file = kept(tmp_path, html(results(VARIANTS, upgrades=[verdicts()])), "report.html")

    def opened(width=1400, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(file.as_uri())
        return page

    return opened


@pytest.mark.parametrize("width", [360, 1400])
def test_nothing_is_wider_than_the_window(opened, width):
    page = opened(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable(opened, scheme):
    page = opened(scheme=scheme)
    names = [f"svg text.v{place}" for place in range(len(VARIANTS))]
    selectors = ["body", ".note", "thead th", "svg text.tick", "svg text.said", "td.worse", *names]
    contrasts = {selector: page.evaluate(CONTRAST, selector) for selector in selectors}
    assert {selector: contrast for selector, contrast in contrasts.items() if contrast < READABLE} == {}


def test_dark_is_dark(opened):
    paper = "getComputedStyle(document.body).backgroundColor"
    assert opened(scheme="light").evaluate(paper) == "rgb(255, 255, 255)"
    assert opened(scheme="dark").evaluate(paper) == "rgb(20, 24, 29)"


def test_no_request_leaves_the_page(opened):
    page = opened()
    asked = [url for url in page.requests if not url.startswith("data:")]
    assert asked == [page.url]


def test_every_picture_has_a_size_and_every_dot_lies_in_it(opened):
    page = opened()
    sizes = page.evaluate("[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width)")
    assert len(sizes) > 3 * len(VARIANTS)
    assert min(sizes) > 100
    outside = """[...document.querySelectorAll('svg circle')].filter(dot => {
      const [own, all] = [dot.getBoundingClientRect(), dot.ownerSVGElement.getBoundingClientRect()];
      return own.left < all.left || own.right > all.right || own.top < all.top || own.bottom > all.bottom;
    }).length"""
    assert page.evaluate(outside) == 0


def test_names_of_lines_do_not_lie_on_each_other(opened):
    boxes = opened().evaluate("""[...document.querySelectorAll('svg.lines')].map(svg =>
      [...svg.querySelectorAll('text.label')].map(e => e.getBoundingClientRect()).map(b => [b.top, b.bottom, b.right]
        .concat(svg.getBoundingClientRect().right)))""")
    for labels in boxes:
        assert len(labels) >= len(VARIANTS)
        for (_, bottom, right, end), (top, *_) in zip(sorted(labels), sorted(labels)[1:], strict=False):
            assert bottom - top <= 4, "a few pixels of the line above reach into the next"
            assert right <= end


def test_on_paper_nothing_is_cut_off(opened):
    page = opened(width=760)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflow") == "visible"
    assert page.pdf(format="A4").startswith(b"%PDF")
