"""HTML and SVG as elements of ElementTree: text is always escaped, and the same elements give the same bytes."""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Child = Element | str | None

STANDALONE = {"xmlns": "http://www.w3.org/2000/svg"}  # that a file of its own needs and an SVG in HTML does not


def element(tag: str, *children: Child, **attributes: object) -> Element:
    """`class_` stands for "class", "_" in other names for "-"; an attribute or a child that is None is left out."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None}
    made = Element(tag, {name: str(value) for name, value in named.items()})
    last = None
    for child in children:
        if isinstance(child, Element):
            made.append(child)
            last = child
        elif child is not None and last is None:
            made.text = (made.text or "") + child
        elif child is not None:
            last.tail = (last.tail or "") + child
    return made


def table(headings: Sequence[Child], rows: Iterable[Sequence[Child]], words: int = 1) -> Element:
    """A table whose first `words` columns are text and the others numbers; too wide ones scroll within the page."""
    head = element("tr", *(_heading(place, heading, words) for place, heading in enumerate(headings)))
    body = [element("tr", *(_cell(place, cell, words) for place, cell in enumerate(row))) for row in rows]
    return scrolling(element("table", element("thead", head), element("tbody", *body)))


def _heading(place: int, heading: Child, words: int) -> Element:
    return element("th", heading, scope="col", class_=None if place < words else "number")


def _cell(place: int, cell: Child, words: int) -> Element:
    if isinstance(cell, Element) and cell.tag == "td":
        return cell
    if place == 0:
        return element("th", cell, scope="row")
    return element("td", cell, class_=None if place < words else "number")


def scrolling(wide: Element) -> Element:
    return element("div", wide, class_="scroll", tabindex="0")


def figure(drawn: Element, caption: str) -> Element:
    return element("figure", scrolling(drawn), element("figcaption", caption))


def document(root: Element) -> str:
    return "<!doctype html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def picture(svg: Element, style: str) -> str:
    """An SVG as a file of its own, with the style that it has in the page."""
    alone = element("svg", element("style", style), *svg)
    alone.attrib.update(STANDALONE | svg.attrib)
    return ElementTree.tostring(alone, encoding="unicode") + "\n"
