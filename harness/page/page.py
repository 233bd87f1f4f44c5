"""The page: its sections in order, each rendered from a template of its name, and the data to download."""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.measuring.machine import cores
from harness.page import digits, equality, learning, speed, top, upgrades
from harness.page.axis import Axis, from_zero, shown
from harness.page.results import Results, as_json, results_of
from harness.profiling.kinds import ACCOUNTED, accounted
from harness.report.runs import MEBIBYTE, finite, median, ratio
from harness.report.tables import levels


class Section(NamedTuple):
    """A section of the page; `name` is that of its template."""

    name: str  # of its template and of its anchor
    title: str
    command: str  # measures the content


SECTIONS = (
    Section("network", "What is compared?", ""),
    Section("equality", "Do all compute the same?", "pytest -m equivalence --long"),
    Section("learning", "Does each learn?", "pytest -m accuracy"),
    Section("digits", "Which digits are hard?", "pytest -m accuracy"),
    Section("latency", "How long does it take?", "pytest --benchmark-only"),
    Section("profile", "Where does the time of a step go?", "pytest -m profile"),
    Section("starting", "How long until the first step is done?", "pytest --benchmark-only"),
    Section("memory", "How much memory does it take?", "pytest --benchmark-only"),
    Section("upgrades", "Is another version worse?", "pytest -m regression --baseline torch==2.14.1"),
    Section("steps", "How is a training step written?", ""),
)


def _number(value: float | None, form: str, missing: str = "missing") -> str:
    """Format a number that may be missing."""
    return missing if value is None else format(value, form)


def _scaled(values: list[float | None], factor: float) -> list[float | None]:
    """Convert values to another unit."""
    return [None if value is None else factor * value for value in values]


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= {"finite": finite, "median": median, "number": _number, "scaled": _scaled, "shown": shown}
ENVIRONMENT.filters["totals"] = speed.totals
ENVIRONMENT.globals |= {"digits": digits, "equality": equality, "learning": learning, "speed": speed, "top": top}
ENVIRONMENT.globals |= {"upgrades": upgrades, "Axis": Axis, "from_zero": from_zero, "levels": levels}
ENVIRONMENT.globals |= {"accounted": accounted, "ACCOUNTED": ACCOUNTED, "ratio": ratio, "cores": cores}
ENVIRONMENT.globals["MEBIBYTE"] = MEBIBYTE


def html(results: Results) -> str:
    """Return the page, in ASCII: what the records lack is named in its last section."""
    data = as_json(results)
    results = results_of(json.loads(data), "results")
    drawn = [(section, Markup(render(f"{section.name}.html", results=results).strip())) for section in SECTIONS]
    lacking = [section for section, content in drawn if not content]
    data_uri = f"data:application/json;base64,{base64.b64encode(data.encode()).decode()}"
    return render("page.html", results=results, drawn=drawn, lacking=lacking, data=data_uri)


def render(template: str, **values: Any) -> str:
    """Return a rendered template, in ASCII: a message may hold any character, and a file any encoding."""
    return ENVIRONMENT.get_template(template).render(**values).encode("ascii", "xmlcharrefreplace").decode()
