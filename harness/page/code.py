"""What is compared: the networks, drawn; the data; and the same training step in every framework, side by side."""

import math
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from harness.page.elements import element, figure
from harness.page.results import Results, finite

BOX, BETWEEN, TALL = 74, 34, 150  # pixels of a layer in the drawing: wide, apart, and the tallest


def networks(results: Results) -> list[Element]:
    parts = []
    for name, network in results.networks.items():
        shapes = {layer: shape for layer, shape in network["shapes"].items() if len(shape) > 1}
        asked = f"{100 * network['accuracy']:g} % of the test images after {network['epochs']} epochs"
        caption = f"{name}: {network['parameters']:,} parameters. Asked of it: {asked}."
        parts.append(figure(_layers(shapes), caption))
    samples = results.dataset["samples"]
    if samples:
        caption = f"{results.dataset['name']}: the first test images of each class."
        source = f"data:image/png;base64,{samples}"
        parts.append(element("figure", element("img", src=source, alt=caption), element("figcaption", caption)))
    return parts


def _layers(shapes: Mapping[str, Sequence[int]]) -> Element:
    """A box for each kernel, as tall as its outputs are many, on a logarithmic scale."""
    parts = []
    for place, (name, shape) in enumerate(shapes.items()):
        height = round(TALL * math.log(1 + shape[-1]) / math.log(1 + max(each[-1] for each in shapes.values())))
        left, top = place * (BOX + BETWEEN) + 4, 4 + (TALL - height) // 2
        parts.append(element("rect", x=left, y=top, width=BOX, height=height, rx=4, class_="layer"))
        middle = left + BOX // 2
        for row, said in enumerate((name.partition("/")[0], " x ".join(map(str, shape)))):
            parts.append(element("text", said, x=middle, y=TALL + 22 + 16 * row, class_="tick middle"))
        if place:
            arrow = f"M{left - BETWEEN + 3} {4 + TALL // 2}h{BETWEEN - 10}l-6 -4m6 4l-6 4"
            parts.append(element("path", d=arrow, class_="axis"))
    width, height = len(shapes) * (BOX + BETWEEN), TALL + 46
    size = {"viewBox": f"0 0 {width} {height}", "width": width, "height": height}
    return element("svg", *parts, **size, role="img", aria_label=", ".join(shapes))


def steps(results: Results) -> list[Element]:
    """Each file's training step, and beneath it how far a whole training by it is from the referee's."""
    parts = []
    for implementation, step in results.steps.items():
        proofs = [element("p", said, class_="note") for said in _proven(results, implementation)]
        title = element("h3", f"{step['file']}, line {step['line']}")
        parts.append(element("article", title, element("pre", element("code", step["text"]), tabindex="0"), *proofs))
    return [element("div", *parts, class_="beside")] if parts else []


def _proven(results: Results, implementation: str) -> list[str]:
    said = []
    for rung in (rung for network in results.networks for rung in results.followed(network)):
        if rung["variant"] == implementation or rung["variant"].startswith(f"{implementation}-"):
            errors = finite(rung["growth"])
            if errors:
                what = f"{rung['variant']}, {rung['network']}: loss of {len(errors)} steps within {max(errors):.0e}"
                said.append(f"{what} of the referee's{', float32 inside' if rung['gap'] else ''}")
    return said or ["Not followed in this run: pytest -m ladder does."]
