"""Which digits are hard? The confusion of all variants together, and each test image that somebody got wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from harness.page.elements import element, scrolling
from harness.page.results import Results, of_networks

COLUMNS = 25  # images in a row of a sprite


def section(results: Results) -> list[Element]:
    parts = []
    for network, trainings in of_networks(results, "trainings"):
        known = [training for training in trainings if training["wrong"]]
        if known and results.dataset["hard"]:
            parts += [element("h3", network), _confusion(results, known), *_hard(results, known)]
    return [_style(results), *parts] if parts else []


def _confusion(results: Results, trainings: Sequence[Mapping[str, Any]]) -> Element:
    """Of all trainings: a row for what an image is, a column for what it was taken for."""
    hard, images = results.dataset["hard"], results.dataset["class_counts"]
    truth = dict(zip(hard["indices"], hard["labels"], strict=True))
    answers = [answers for each in trainings for answers in each["wrong"]]
    counts = Counter((truth[int(image)], said) for wrong in answers for image, said in wrong.items())
    most = max(counts.values(), default=1)
    classes, rows = range(len(images)), []
    for right in classes:
        by_answer = [counts[right, said] for said in classes]
        cells = [_count(count, f"heat{round(8 * count / most)}") for count in by_answer]
        cells[right] = _count(len(answers) * images[right] - sum(by_answer), "right")
        rows.append(element("tr", element("th", str(right), scope="row"), *cells))
    head = element("tr", *(element("th", name, scope="col") for name in ("digit", *(f"as {said}" for said in classes))))
    caption = f"What is taken for what: the answers of {len(answers)} trainings to {sum(images):,} images."
    return scrolling(element("table", element("caption", caption), element("thead", head), element("tbody", *rows)))


def _count(count: int, shade: str) -> Element:
    return element("td", f"{count:,}" if count else "", class_=f"number {shade}")


def wrong(trainings: Sequence[Mapping[str, Any]]) -> dict[int, dict[str, int]]:
    """Test image -> the variants that got it wrong in their last training, and what they took it for."""
    found: dict[int, dict[str, int]] = {}
    for training in trainings:
        for image, said in training["wrong"][-1].items():
            found.setdefault(int(image), {})[training["variant"]] = said
    return found


def _hard(results: Results, trainings: Sequence[Mapping[str, Any]]) -> list[Element]:
    """The images in groups: those that most variants got wrong come first."""
    found = wrong(trainings)
    of_counts: dict[int, list[int]] = {}
    for image, answers in found.items():
        of_counts.setdefault(len(answers), []).append(image)
    parts = []
    for count in sorted(of_counts, reverse=True):
        images = sorted(of_counts[count], key=lambda image: (_truth(results, image), image))
        who = "all variants" if count == len(trainings) else f"{count} of {len(trainings)} variants"
        sense = {1: ": the luck of a seed", len(trainings): ": hard digits"}.get(count, "")
        parts.append(element("h4", f"{len(images)} wrong in {who}{sense if len(trainings) > 1 else ''}"))
        parts.append(element("div", *(_digit(results, image, found[image]) for image in images), class_="digits"))
    return parts


def _truth(results: Results, image: int) -> int:
    return results.dataset["hard"]["labels"][results.dataset["hard"]["indices"].index(image)]


def _digit(results: Results, image: int, answers: Mapping[str, int]) -> Element:
    row, column = divmod(results.dataset["hard"]["indices"].index(image), COLUMNS)
    height, width = results.dataset["image_shape"]
    right = _truth(results, image)
    said = "".join(map(str, sorted(set(answers.values()))))
    who = ", ".join(f"{variant} {digit}" for variant, digit in answers.items())
    style = f"background-position:{-column * width}px {-row * height}px"
    drawn = element("i", style=style, title=f"test image {image}, a {right}: {who}")
    return element("span", drawn, element("b", f"{right}→{said}"))


def _style(results: Results) -> Element:
    """The sprite, once."""
    height, width = results.dataset["image_shape"]
    png = results.dataset["hard"]["png"]
    size = f"width:{width}px;height:{height}px"
    return element("style", f".digits i{{{size};background-image:url(data:image/png;base64,{png})}}")
