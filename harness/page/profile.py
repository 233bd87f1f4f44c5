"""Where does the time of a step go? What each framework's profiler says, in the same words for all."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from harness.page.axis import Axis
from harness.page.elements import element, table
from harness.page.results import Results, of_networks
from harness.page.svg import STRIP, bar
from harness.report.profile import ACCOUNTED, accounted

NOTE = (
    "Colours are shares of the call under the profiler. Overhead: while no kernel runs on any thread. "
    f"* The profiler changes what the call takes by more than {ACCOUNTED:.0%}: the row does not account for it."
)


def section(results: Results) -> list[Element]:
    parts = []
    for network, profiles in of_networks(results, "profiles"):
        for operation in dict.fromkeys(each["operation"] for each in profiles):
            parts.append(element("h3", f"{network}: {operation}"))
            parts.append(_table([each for each in profiles if each["operation"] == operation]))
    return [*parts, element("p", NOTE, class_="note")] if parts else []


def _table(profiles: Sequence[Mapping[str, Any]]) -> Element:
    names = list(profiles[0]["parts"])
    axis = Axis(0, 1, 0, STRIP[0])
    rows = []
    for found in profiles:
        shares = {name: part / found["seconds"] for name, part in found["parts"].items()}
        ratio = f"{found['seconds'] / found['alone']:.0%}{'' if accounted(found) else ' *'}"
        cells = (f"{1e3 * part:.2f}" for part in found["parts"].values())
        drawn = element("td", bar(shares, axis, "of the call"), class_="drawn")
        least = f"{1e3 * found['floor']:.2f}" if found["floor"] else ""
        rows.append((found["variant"], drawn, least, f"{1e3 * found['alone']:.2f}", ratio, *cells))
    keys = [element("span", name, class_=f"key p{place}") for place, name in enumerate(names)]
    return table(("variant, ms", "shares", "the floor", "alone", "under the profiler", *keys), rows)
