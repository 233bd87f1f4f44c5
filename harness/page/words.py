"""The words of the page, in a line each; and what the page lacks, with the command that would bring it."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from harness.page.elements import element, table
from harness.page.results import Results

WORDS = {
    "variant": "a framework's file in impls/, with the backend that it computes on",
    "referee": "the network in NumPy, in float64, with gradients derived by hand; all others are compared with it",
    "relative error": "a difference, over the largest entry of the array that it is in",
    "limit": "the largest error that a test lets pass",
    "rung": "one comparison with the referee, which stands on those before it",
    "float32 inside": "the framework computes in float32 although float64 is asked for",
    "launch": "a worker process, from its start to its end; two launches of the same program differ",
    "floor": "what a training step must take here: its arithmetic at the speed of the best matrix product found here, "
    "its memory traffic at the speed of copying",
    "seed": "the number that decides initial parameters and the order of the images",
    "nats": "the unit of the loss: a loss of 2.3 is guessing among ten",
    "same, better, worse": "all of the interval lies within the margin, or beyond it",
    "inconclusive": "the interval is too wide to say any of it",
}


def glossary() -> list[Element]:
    pairs = (part for word, meaning in WORDS.items() for part in (element("dt", word), element("dd", meaning)))
    return [element("dl", *pairs)]


def missing(results: Results, lacking: Sequence[tuple[str, str]]) -> list[Element]:
    """Tests that did not pass; and the sections, (title, command), for which nothing was measured."""
    parts = []
    if results.troubles:
        rows = [(trouble["test"], trouble["outcome"], trouble["why"]) for trouble in results.troubles]
        parts.append(table(("test", "outcome", "why"), rows, words=3))
    for title, command in lacking:
        parts.append(element("p", f"{title} Not measured in this run. ", element("code", command)))
    return parts
