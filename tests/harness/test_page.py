"""A page holds all that was found, is computed from nothing else, and fetches nothing; what is missing is named."""

import base64
import json
import re
from html.parser import HTMLParser

import pytest

import impls
from harness.page.equality import heat
from harness.page.page import html
from harness.page.png import sprite
from harness.page.results import Unreadable, as_json, read, results_of
from harness.page.source import step_of
from tests.found import IMAGES, kept, launched, profile, results, rung, training, verdicts

VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Text without markup, links, and whatever is opened and never closed."""

    def __init__(self, page):
        super().__init__()
        self.text, self.open, self.tags, self.attributes = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def text_of(found):
    return " ".join(" ".join(Reader(html(found)).text).split())


def test_the_sentences_on_top_are_computed_from_the_rows():
    page = text_of(results())
    assert "All 2 compute the same, mlp: largest error 5e-14 in “469 steps, loss”, limit 1e-12." in page
    assert "All learn, mlp: 98.00% to 98.00% of the test images right, asked for 97 %." in page
    assert "A training step of 128 images, mlp: 2.20 ms (jax) to 4.40 ms (pytorch), 2.2 to 4.4 times what the" in page


def test_what_is_wrong_is_said_on_top():
    apart = [rung("jax", 0) | {"error": 1e-3}, rung("pytorch", 1) | {"gap": "float32"}]
    bad = [training("jax", 2) | {"accuracies": [0.9]}]
    trouble = [{"test": "tests/test_x.py::test_y", "outcome": "failed", "why": "no <b>bold</b> claim"}]
    page = text_of(results(rungs=apart, trainings=bad, troubles=trouble))
    assert "Not all compute the same: jax beyond the limit, mlp." in page
    assert "Not all learn, mlp" in page
    assert "Not everything is here: 1 failed." in page
    assert "no <b>bold</b> claim" in page, "text is text, whatever it holds"


def test_every_link_leads_to_a_section_or_carries_its_data():
    reader = Reader(html(results(upgrades=[verdicts()])))
    places = {value for name, value in reader.attributes if name == "id"}
    links = [value for name, value in reader.attributes if name == "href"]
    assert len(links) == 5
    assert all(link[1:] in places for link in links if not link.startswith("data:"))


def test_it_fetches_nothing_and_runs_nothing():
    page = html(results(upgrades=[verdicts()]))
    reader = Reader(page)
    assert reader.open == []
    assert not {"script", "link", "iframe", "object", "embed"} & set(reader.tags)
    outside = [
        value for name, value in reader.attributes if name in ("src", "href", "action", "poster") and value[0] != "#"
    ]
    assert all(value.startswith("data:") for value in outside)
    assert not re.search(r"url\((?!data:)|@import|\bon\w+=", page)


def test_the_data_come_with_it_and_draw_the_same_page():
    found = results(upgrades=[verdicts()])
    data = re.search(r'href="data:application/json;base64,([^"]+)"', html(found))[1]
    again = results_of(json.loads(base64.b64decode(data)), "the page")
    assert html(again) == html(found)


NOTHING = {key: [] for key in ("trainings", "rungs", "lessons", "launches", "floors", "profiles")}


@pytest.mark.parametrize(
    "found",
    [
        results(["jax"], epochs=1, count=1),
        results(**NOTHING),
        results(floors=[]),
        results(frameworks={}),
        results(launches=[launched("jax", 0, 3) | {"memory": {}, "starting": {}}, launched("pytorch", 1, 1)]),
        results(rungs=[rung("jax", 0) | {"growth": [None, float("nan"), 0.0, 1e-15]}]),
        results(rungs=[rung("jax", 0) | {"error": None}]),
        results(trainings=[training("jax", 3) | {"losses": [[0.3, float("nan"), float("inf")]], "accuracies": []}]),
        results(trainings=[training("jax", 2) | {"wrong": [{}]}]),
        results(dataset=results().dataset | {"hard": None, "samples": ""}),
        results(steps={}, networks={}),
        results(["a variant of another day", "jax"]),
        results(upgrades=[verdicts(), verdicts("same", 0.01)]),
        results(upgrades=[verdicts("missing", None, low=None, high=None, baseline=[], candidate=[])]),
        results(upgrades=[verdicts("inconclusive", 0.1, low=None, high=None)]),
    ],
)
def test_whatever_is_missing_it_is_still_a_page(found):
    page = html(found)
    assert Reader(page).open == []
    assert "NaN" not in page
    assert html(results_of(json.loads(as_json(found)), "read again")) == page


def test_what_was_not_measured_is_named_with_its_command():
    page = text_of(results(**NOTHING))
    assert "Do all compute the same? Not measured in this run. pytest -m ladder --long" in page
    assert "Is another version worse? Not measured in this run." in page
    assert "Not measured in this run. pytest -m ladder" not in text_of(results())


def test_hard_digits_come_before_the_luck_of_a_seed():
    page = text_of(results())
    hard, luck = page.index("2 wrong in all variants: hard digits"), page.index("2 wrong in 1 of 2 variants: the luck")
    assert hard < luck
    assert "2→7 4→9" in page[hard:luck]


def test_verdicts_come_worst_first_with_their_intervals():
    page = text_of(results(upgrades=[verdicts()]))
    assert "torch==2.14.1 → torch==2.15.0: 1 worse, 1 identical." in page
    assert page.index("import worse +9.0% (+7.0 to +11.0)") < page.index("network identical")


def test_verdicts_come_worst_first_in_whatever_order_they_were_found():
    run = verdicts()
    found = run["variants"]["pytorch"]["found"]
    run["variants"]["pytorch"]["found"] = dict(reversed(found.items()))
    page = text_of(results(upgrades=[run]))
    assert page.index("import worse") < page.index("network identical")


def test_several_runs_stand_beside_each_other():
    page = text_of(results(upgrades=[verdicts(), verdicts("same", 0.01)]))
    assert "From run to run" in page
    assert "worse +9.0% (+7.0 to +11.0) same +1.0% (+7.0 to +11.0)" in page


def test_a_profile_that_does_not_account_for_the_time_says_so():
    page = text_of(results(profiles=[profile("jax", alone=2.1e-3), profile("pytorch", alone=1e-3)]))
    assert " 0.50 2.10 95% 1.00 1.00" in page
    assert " 0.50 1.00 200% * 1.00 1.00" in page


def test_memory_stands_beside_its_arithmetic():
    assert "holds 3.0 MiB: parameters 2.0, the batch 1.0." in text_of(results())


def test_shades_are_darker_nearer_the_limit():
    shades = [heat(error, 1e-12) for error in (0, 1e-17, 1e-15, 1e-13, 1e-12, 1e-3)]
    assert shades == [0, 0, 2, 6, 8, 8]


def test_images_come_back_out_of_a_sprite():
    numpy, image = pytest.importorskip("numpy"), pytest.importorskip("PIL.Image", reason="pillow is not installed")
    import io

    grid = numpy.asarray(image.open(io.BytesIO(base64.b64decode(sprite(IMAGES[:3], 2)))))
    assert grid.shape == (56, 56)
    assert (grid[:28, 28:] == IMAGES[1]).all()
    assert (grid[28:, :28] == IMAGES[2]).all()
    assert not grid[28:, 28:].any()


def test_a_step_is_cut_out_of_the_tutorial():
    steps = {name: step_of(impls.FOLDER / name / "mnist.py")["text"] for name in impls.names()}
    assert "loss.backward()" in steps["pytorch"]
    assert "jax.value_and_grad" in steps["jax"]
    assert "tape.gradient" in steps["tensorflow"]
    assert "train_on_batch" in steps["keras"]
    assert "optimizer.step(params, backward(dlogits))" in steps["numpy"]
    assert not any("def train_epoch" in step for step in steps.values())


@pytest.mark.parametrize("text", ["def step(): pass", "class train_step: pass", "not Python at all"])
def test_a_file_without_a_step_has_none(tmp_path, text):
    assert step_of(kept(tmp_path, text, "other.py")) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "expected the results of a run"),
        ("[1]", "expected the results of a run"),
        ("{", "no JSON"),
        ('{"schema": 99}', "it has schema 99, and this version reads schema 1"),
        ('{"schema": 1}', "it lacks made, command"),
    ],
)
def test_a_file_that_is_no_results_is_refused_in_a_line(tmp_path, text, complaint):
    file = kept(tmp_path, text)
    with pytest.raises(Unreadable, match=complaint) as refused:
        read([file])
    assert str(refused.value).startswith(str(file))
    assert "\n" not in str(refused.value)


def test_verdicts_are_added_by_name_and_nothing_else_is(tmp_path):
    found = kept(tmp_path, as_json(results()))
    first = kept(tmp_path, json.dumps(verdicts()), "verdicts.json")
    assert len(read([found, first, first]).upgrades) == 2
    with pytest.raises(Unreadable, match="expected verdicts"):
        read([found, found])
    with pytest.raises(Unreadable, match="No such file"):
        read([tmp_path / "nowhere.json"])
