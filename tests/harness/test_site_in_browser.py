"""The site is readable on a phone and on a desk, in light and dark, by keyboard, without a network or JavaScript."""

import re
import shutil
import subprocess
import sys

import pytest

from harness import ROOT
from tests.browser import assert_readable
from tools.pages import write


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built as `make site` builds it."""
    pytest.importorskip("zensical", reason="zensical is not installed")
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(ROOT / "zensical.toml", folder)
    write(folder / "build" / "pages")
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "build" / "site"


@pytest.fixture
def open_page(browser, site):
    """Return a function that opens a page, with these options of the browser's context."""
    contexts = []

    def open_page(name, width, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((site / f"{name}.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_no_asset_is_of_another_host(site):
    for file in site.rglob("*.html"):
        tags = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", file.read_text(encoding="utf-8"))
        assert not [tag for tag in tags if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)], file


@pytest.mark.parametrize("name", ["index", "concepts/training-step", "reference/defaults", "tutorials/exercises"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 360)])
def test_page_is_readable(open_page, name, scheme, width):
    page = open_page(name, width, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert all(url.startswith(("file:", "data:")) for url in page.requests)
    assert_readable(page, width, "article *, nav a")


@pytest.mark.long
@pytest.mark.parametrize(("width", "javascript"), [(360, False), (1400, True)])
def test_every_page_fits_and_stays_here(open_page, site, width, javascript):
    page = open_page("index", width, java_script_enabled=javascript)
    for file in site.rglob("*.html"):
        page.goto(file.as_uri())
        assert page.locator("article h1, article pre").first.is_visible() or file.name == "404.html", file
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file
    assert all(url.startswith(("file:", "data:", "blob:")) for url in page.requests)


def test_exercise_is_answered_without_javascript(open_page):
    page = open_page("tutorials/exercises", 360, java_script_enabled=False)
    assert not page.get_by_text("Mean loss of the last").first.is_visible()
    page.get_by_text("How does the loss change?").first.click()
    assert page.get_by_text("Mean loss of the last").first.is_visible()
    assert page.locator("figure.loss svg").first.is_visible()


def test_tabs_need_no_javascript(open_page):
    page = open_page("concepts/training-step", 360, java_script_enabled=False)
    page.get_by_text("JAX", exact=True).click()
    assert page.get_by_text("jax.value_and_grad").is_visible()
    assert not page.get_by_text("loss.backward()").first.is_visible()


def test_tabs_are_chosen_by_keyboard(open_page):
    page = open_page("concepts/training-step", 1400)
    page.locator(".tabbed-set > input").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_text("jax.value_and_grad").is_visible()


def test_known_framework_stays_the_left_column(open_page):
    """Also on the next page. Lines that begin alike stand at the same height."""
    page = open_page("concepts/training-step", 1400)
    page.get_by_label("I know").select_option("JAX")
    page.goto(page.url.replace("training-step", "evaluation"))
    left, right = page.locator(".tabbed-block.known pre"), page.locator(".tabbed-block:not(.known) pre:visible")
    assert left.bounding_box()["x"] < right.first.bounding_box()["x"]
    heights = [side.first.get_by_text("predict").first.bounding_box()["y"] for side in (left, right)]
    assert heights[0] == pytest.approx(heights[1], abs=1)


def test_search_works_from_a_disk(open_page):
    page = open_page("index", 1400)
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Search").last.fill("decoupled")
    page.get_by_text(re.compile(r"[1-9]\d* results?")).wait_for()
