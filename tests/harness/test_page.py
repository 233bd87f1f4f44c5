"""The page shows the results of a run, all of them and nothing else, and makes no request."""

import base64
import io
import itertools
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import impls
from harness import ROOT
from harness.page.chart import Chart, Series, spread
from harness.page.digits import sprite
from harness.page.page import html
from harness.page.results import as_json, results_of
from harness.plugin.page import step_of
from tests.results import IMAGES, error, kept, process, record, results, training, verdicts

NOTHING = {"results": []}


def text(element):
    return " ".join(" ".join(element.itertext()).split())


def section(found, name):
    return ElementTree.fromstring(html(found)).find(f".//section[@id='{name}']")


def summary(found):
    """Return the sentences at the top, by the section that each links to."""
    return {link.get("href")[1:]: text(link) for link in ElementTree.fromstring(html(found)).iterfind(".//ul/li/a")}


def test_top_is_computed_from_the_records():
    said = summary(results(upgrades=[verdicts()]))
    assert list(said) == ["equality", "learning", "latency", "upgrades"]
    assert re.findall(r"\de-\d+", said["equality"]) == ["5e-14", "1e-12"]
    assert re.findall(r"\d\.\d+", said["latency"]) == ["2.20", "4.40", "2.2", "4.4"]


def test_failures_are_named_and_markup_is_text():
    records = [error("jax", 0, error=1e-3), error("pytorch", 1, gap="float32"), training("jax", 2, accuracies=[0.9])]
    troubles = [{"test": "tests/test_x.py::test_y", "outcome": "failed", "why": "no <b>bold</b> claim"}]
    found = results(results=records, troubles=troubles)
    said = summary(found)
    assert said["equality"].startswith("Not all")
    assert said["learning"].startswith("Not all")
    assert "1 failed" in said["missing"]
    assert [row[2].text for row in section(found, "missing").find(".//tbody")] == ["no <b>bold</b> claim"]
    assert html(results(command="\udcff")).isascii(), "a file in any encoding holds the page"


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
        NOTHING | {"networks": {}, "steps": {}},
        {"results": [record("process", "jax", memory={}, starting={}), process("pytorch", 1, 1)]},
        {"results": [record("timing", "jax", operation="train_step-128", seconds=[], roofline=[])]},
        {"results": [error("jax", 0, error=None, growth=[None, float("nan"), 0.0, 1e-15])]},
        {"results": [training("jax", 3, losses=[[0.3, float("nan"), float("inf")]], accuracies=[])]},
        {"results": [training("jax", 2, wrong=[{}])]},
        {"dataset": results().dataset | {"hard": None, "samples": ""}},
        {"variants": ["jax"]},
        {"upgrades": [verdicts("missing", None, low=None, high=None, baseline=[], candidate=[])]},
        {"upgrades": [verdicts("inconclusive", 0.1, low=None, high=None)]},
    ],
)
def test_page_of_incomplete_results(changes):
    assert "nan" not in text(ElementTree.fromstring(html(results(**changes)))).lower().split()


def test_sections_without_records_name_their_commands():
    commands = [each.text for each in section(results(**NOTHING), "missing").iter("code")]
    assert {"pytest -m ladder --long", "pytest -m accuracy", "pytest -m profile"} <= set(commands)


def test_hard_digits_come_first():
    groups = section(results(), "digits").findall("div[@class='digits']")
    assert [[digit.find("b").text for digit in group] for group in groups] == [["2→7", "4→9"], ["4→9", "9→9"]]


def test_verdicts_come_worst_first_with_a_history():
    run = verdicts()
    run["variants"]["pytorch"]["found"] = dict(reversed(run["variants"]["pytorch"]["found"].items()))
    table, _, history = section(results(upgrades=[run, verdicts("same", 0.01)]), "upgrades").iter("table")
    assert [row[2].text for row in table.find("tbody")] == ["worse", "identical"]
    assert "worse +9.0% (+7.0 to +11.0) same +1.0% (+7.0 to +11.0)" in text(history)


def test_dots_lie_at_their_values():
    step = record("timing", "jax", operation="predict_step-1", seconds=[2e-3, None, 4e-3], roofline=[])
    found = results(results=[step])
    dots = section(found, "latency").findall(".//{*}circle")
    assert [text(dot) for dot in dots] == ["run 1: 2 ms", "run 3: 4 ms"]
    assert [float(dot.get("cx")) for dot in dots] == pytest.approx([4 + 212 * part / 4.2 for part in (2, 4)], abs=0.06)


def test_line_breaks_at_a_missing_value():
    chart = Chart([Series("one", [1.0, None, 3.0, None], "v0")], "step", "loss", 0, 10)
    assert chart.path(chart.series[0]) == f"M{chart.x(1):g} {chart.y(1.0):g}M{chart.x(3):g} {chart.y(3.0):g}"
    assert [end for _, end, _ in chart.labels()] == [(chart.x(3), chart.y(3.0))]


def test_labels_keep_apart_within_the_figure():
    placed = spread([50, 50, 51, 300, 301], 15, 10, 305)
    assert min(after - before for before, after in itertools.pairwise(placed)) >= 15
    assert placed[-1] <= 305


def test_sprite_holds_the_images():
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(sprite(IMAGES[:3], 2)))))
    assert sheet.tolist() == np.block([[IMAGES[0], IMAGES[1]], [IMAGES[2], 0 * IMAGES[0]]]).tolist()


def test_step_is_cut_out_of_each_tutorial(tmp_path):
    assert all("def train_step" in step_of(impls.FOLDER / name / "mnist.py")["text"] for name in impls.names())
    for other in ("def step(): pass", "class train_step: pass", "not Python"):
        assert step_of(kept(tmp_path, other, "other.py")) is None


def test_commands_draw_the_page_and_the_figures(tmp_path):
    file, run = kept(tmp_path, as_json(results())), kept(tmp_path, json.dumps(verdicts()), "verdicts.json")
    page = tmp_path / "report.html"
    for command in (("harness.page", file, run, "-o", page), ("harness.page.pictures", file, tmp_path)):
        subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True)
    assert page.read_text() == html(results(upgrades=[verdicts()]))
    dots = [len(ElementTree.parse(tmp_path / name).findall(".//{*}circle")) for name in ("growth.svg", "steps.svg")]
    assert dots == [0, 6]
