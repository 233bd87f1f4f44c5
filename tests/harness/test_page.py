"""The page shows the results of a run, all of them and nothing else, and makes no request."""

import base64
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

import impls
from harness import ROOT
from harness.page.page import html
from harness.page.results import as_json, read, results_of
from harness.plugin.page import step_of
from tests.results import error, kept, process, record, results, training, verdicts


def text(element):
    return " ".join(" ".join(element.itertext()).split())


def summary(page):
    """Return the sentences at the top, by the section that each links to."""
    return {link.get("href")[1:]: text(link) for link in page.iterfind(".//ul/li/a")}


def test_failures_are_named_and_markup_is_text():
    records = [error("jax", 0, error=1e-3), training("jax", 2, accuracies=[0.9])]
    troubles = [{"test": "tests/test_x.py::test_y", "outcome": "failed", "why": "no <b>bold</b> claim"}]
    page = ElementTree.fromstring(html(results(results=records, troubles=troubles)))
    said = summary(page)
    assert all(said[name].startswith("Not all") for name in ("equality", "learning"))
    assert [row[2].text for row in page.find(".//section[@id='missing']//tbody")] == ["no <b>bold</b> claim"]


def test_fastest_and_slowest_step_are_named():
    assert "2.20 ms (jax) to 4.40 ms (pytorch)" in summary(ElementTree.fromstring(html(results())))["latency"]


def test_verdicts_of_a_second_file_are_shown(tmp_path):
    files = [kept(tmp_path, as_json(results())), kept(tmp_path, json.dumps(verdicts()), "verdicts.json")]
    assert read(files).upgrades == [verdicts()]


def test_page_is_self_contained():
    source = html(results(upgrades=[verdicts()]))
    page = ElementTree.fromstring(source)
    assert not {"script", "link", "iframe", "object", "embed"} & {each.tag for each in page.iter()}
    places = {f"#{each.get('id')}" for each in page.iter("section")}
    links = [each.get(name) for each in page.iter() for name in ("src", "href", "action") if each.get(name)]
    assert all(link in places or link.startswith("data:") for link in links)
    assert not re.search(r"url\((?!data:)|@import|\bon\w+=", source)
    [data] = [link.partition(",")[2] for link in links if link.startswith("data:application/json;base64,")]
    assert html(results_of(json.loads(base64.b64decode(data)), "data")) == source


@pytest.mark.parametrize(
    "changes",
    [
        {"results": [], "networks": {}, "steps": {}, "variants": ["jax"]},
        {"results": [record("process", "jax", memory={}, starting={}), process("pytorch", 1, 1)]},
        {"results": [record("timing", "jax", operation="train_step-128", seconds=[], roofline=[])]},
        {"results": [error("jax", 0, error=None, trajectory=[None, float("nan"), 0.0, 1e-15])]},
        {"results": [training("jax", 3, losses=[[0.3, float("nan"), float("inf")]], accuracies=[], wrong=[{}])]},
        {"dataset": results().dataset | {"hard": None, "samples": ""}},
        {"dataset": results().dataset | {"hard": {"indices": [], "labels": [], "png": ""}}},
        {"upgrades": [verdicts("missing", None, low=None, high=None, baseline=[], candidate=[])]},
    ],
)
def test_page_of_incomplete_results_shows_no_nan(changes):
    assert not re.search(r"\bnan\b", text(ElementTree.fromstring(html(results(**changes)))), re.IGNORECASE)


def test_step_is_cut_out_of_each_tutorial():
    steps = {name: step_of(impls.FOLDER / name / "mnist.py") for name in impls.names()}
    assert all("def train_step" in step["text"] for step in steps.values())
    assert steps["jax"]["text"].startswith("@partial(jax.jit")


def test_commands_draw_the_page_and_the_figures(tmp_path):
    file, page = kept(tmp_path, as_json(results())), tmp_path / "report.html"
    for command in (("harness.page", file, "-o", page), ("harness.page.pictures", file, tmp_path)):
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True)
    assert page.read_text() == html(results())
    assert len(ElementTree.parse(tmp_path / "steps.svg").findall(".//{*}circle")) == 6
