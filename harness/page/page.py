"""The page: its sections in their order, each with the question that it answers, and its data to take away."""

import base64
from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from harness.page import code, digits, equality, learning, profile, speed, top, upgrades, words
from harness.page.elements import document, element
from harness.page.results import Results, as_json
from harness.page.style import PAGE


class Section(NamedTuple):
    place: str  # its anchor
    title: str
    draw: Callable[[Results], list[Element]]
    command: str  # that measures what it shows


SECTIONS = (
    Section("network", "What is compared?", code.networks, ""),
    Section("equality", "Do all compute the same?", equality.section, "pytest -m ladder --long"),
    Section("learning", "Does each learn?", learning.section, "pytest -m accuracy"),
    Section("digits", "Which digits are hard?", digits.section, "pytest -m accuracy"),
    Section("latency", "How long does it take?", speed.latency, "pytest --benchmark-only"),
    Section("profile", "Where does the time of a step go?", profile.section, "pytest -m profile"),
    Section("starting", "How long until the first step is done?", speed.starting, "pytest --benchmark-only"),
    Section("memory", "How much memory does it take?", speed.memory, "pytest --benchmark-only"),
    Section("upgrades", "Is another version worse?", upgrades.section, "pytest -m regression --baseline torch==2.14.1"),
    Section("steps", "How is a training step written?", code.steps, ""),
)


def html(results: Results) -> str:
    drawn = {section: section.draw(results) for section in SECTIONS}
    lacking = [(section.title, section.command) for section, parts in drawn.items() if not parts]
    parts = [_section(section.place, section.title, found) for section, found in drawn.items() if found]
    not_here = words.missing(results, lacking)
    if not_here:
        parts.append(_section("missing", "What is not here?", not_here))
    parts.append(_section("words", "What do the words mean?", words.glossary()))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", "One network, every framework"),
        element("style", PAGE),
    )
    return document(element("html", head, element("body", *_top(results), *parts), lang="en"))


def _top(results: Results) -> list[Element]:
    machine = results.machine
    load = machine.get("load_average")
    busy = "unknown" if load is None else f"{load:.1f}"
    conditions = (
        f"{results.made}, {results.command}. {machine.get('cpu') or 'an unknown processor'}, {machine['cores']} cores, "
        f"load average at the start {busy}, Python {machine['python']}. "
    )
    data = f"data:application/json;base64,{base64.b64encode(as_json(results).encode()).decode()}"
    download = element("a", "The data of this page", href=data, download="results.json")
    frameworks = dict.fromkeys(results.frameworks[name] for name in results.variants if name in results.frameworks)
    return [
        element("h1", "One network, every framework"),
        element("p", conditions, download, "."),
        element("p", "; ".join(frameworks), class_="note"),
        top.sentences(results),
    ]


def _section(place: str, title: str, parts: list[Element]) -> Element:
    return element("section", element("h2", title), *parts, id=place)
