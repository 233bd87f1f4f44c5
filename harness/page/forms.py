"""The form of results.json: the keys and types that the page needs, and the first place where a file differs."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from harness.judging.verdict import UNITS

LARGEST = 1e300  # a figure multiplies numbers, and must not exceed float64


class Leaf(NamedTuple):
    """A single value: its name for messages, and whether a value fits."""

    name: str
    fits: Callable[[Any], bool]


def _is_number(value: Any, least: float = -LARGEST) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= LARGEST


def _maybe(form: Any) -> Callable[[Any], Any]:
    """Return a form that null fits as well."""
    return lambda value: ANY if value is None else form


ANY = Leaf("anything", lambda _: True)
TEXT = Leaf("a text", lambda value: isinstance(value, str))
INDEX = Leaf("a text of digits", lambda value: isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) is not None)
IMAGE = Leaf("base64", lambda value: isinstance(value, str) and re.fullmatch("[A-Za-z0-9+/=]*", value) is not None)
COUNT = Leaf("an integer of at least 0", lambda value: _is_number(value, 0) and isinstance(value, int))
AMOUNT = Leaf("a number of at least 0", lambda value: _is_number(value, 0))
POSITIVE = Leaf("a number above 0", lambda value: _is_number(value, 1 / LARGEST))
UNIT = Leaf(f"one of {', '.join(UNITS)}", lambda value: isinstance(value, str) and value in UNITS)
SIGNED = _maybe(Leaf("a number", _is_number))
RUNS = [_maybe(AMOUNT)]  # one for each process run, step or epoch

# A form is a leaf; [form], a list of any length; {leaf: form}, an object with any keys that fit the leaf; an object
# with at least these keys, where "key?" may be absent; or a function that chooses the form for a value.
OTHER = {"kind": TEXT, "variant": _maybe(TEXT), "network": _maybe(TEXT)}
KNOWN = {"kind": TEXT, "variant": TEXT, "network": TEXT}
KINDS = {
    "training": KNOWN
    | {"framework": TEXT, "parameters": AMOUNT, "required": AMOUNT, "accuracies": RUNS, "losses": [RUNS]}
    | {"seconds": [RUNS], "epoch_accuracies": [RUNS], "wrong": [{INDEX: COUNT}]},
    "error": KNOWN
    | {"name": TEXT, "dtype": TEXT, "limit": POSITIVE, "error": _maybe(AMOUNT), "known_deviation": _maybe(TEXT)}
    | {"trajectory?": _maybe(RUNS)},
    "lesson": KNOWN | {"name": TEXT, "errors": RUNS},
    "timing": KNOWN | {"operation": TEXT, "seconds": RUNS, "roofline": RUNS},
    "process": KNOWN | {"starting": {TEXT: RUNS}, "memory": {TEXT: RUNS}},
    "profile": KNOWN
    | {"operation": TEXT, "alone": POSITIVE, "seconds": POSITIVE, "parts": {TEXT: AMOUNT}, "roofline": _maybe(AMOUNT)},
}
VERDICT = {"word": TEXT, "reason?": _maybe(TEXT), "change?": SIGNED}
MEASURED = VERDICT | {
    "low": SIGNED,
    "high": SIGNED,
    "unit": UNIT,
    "baseline?": _maybe(RUNS),
    "candidate?": _maybe(RUNS),
}


def record_form(record: Any) -> Any:
    """Return the form of a result by its kind. The page shows no other kinds, which may have any values."""
    kind = record.get("kind") if isinstance(record, dict) else None
    return KINDS.get(kind, OTHER) if isinstance(kind, str) else OTHER


def _verdict_form(verdict: Any) -> Any:
    return MEASURED if isinstance(verdict, dict) and verdict.get("change") is not None else VERDICT


UPGRADE = {
    "sides": {TEXT: {"wanted": TEXT}},
    "max_slowdown": POSITIVE,
    "variants": {TEXT: {"found": {TEXT: _verdict_form}}},
}
HARD = {"indices": [COUNT], "labels": [COUNT], "png": IMAGE}
RUN = {
    "made": TEXT,
    "command": TEXT,
    "machine": {"cpu?": ANY, "cores": ANY, "load_average?": SIGNED, "python": ANY},
    "dataset": {"name": TEXT, "image_shape": [COUNT], "class_counts": [COUNT], "samples": IMAGE}
    | {"hard": _maybe(HARD)},
    "networks": {
        TEXT: {"shapes": {TEXT: [COUNT]}, "parameters": AMOUNT, "accuracy": AMOUNT, "epochs": AMOUNT}
        | {"step_bytes?": {TEXT: AMOUNT}}
    },
    "variants": [TEXT],
    "tests": {TEXT: ANY},
    "steps": {TEXT: {"file": TEXT, "line": COUNT, "text": TEXT}},
    "results": [ANY],  # each is checked by itself
    "troubles": [{"test": TEXT, "outcome": TEXT, "why": TEXT}],
    "upgrades": [UPGRADE],
}


def problem(value: Any, form: Any, place: str = "") -> str:
    """Return the first place where `value` differs from `form`, what was expected there and found; "" if none does."""
    if callable(form) and not isinstance(form, Leaf):
        form = form(value)
    if isinstance(form, Leaf):
        return "" if form.fits(value) else _expected(form.name, value, place)
    if not isinstance(value, type(form)):
        return _expected("a list" if isinstance(form, list) else "an object", value, place)
    return next(filter(None, (problem(*part) for part in _parts(value, form, place))), "")


def _parts(value: Any, form: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """Yield the values in a list or an object, each with its form and its place."""
    if isinstance(form, list):
        yield from ((each, form[0], f"{place}[{number}]") for number, each in enumerate(value))
        return
    for key, expected in form.items():
        if isinstance(key, Leaf):
            for name, each in value.items():
                yield name, key, f"{place}, a key"
                yield each, expected, f"{place}.{name}"
        elif key.removesuffix("?") in value:
            name = key.removesuffix("?")
            yield value[name], expected, f"{place}.{name}".lstrip(".")
        elif not key.endswith("?"):
            yield list(value)[:5], Leaf(f"an object with the key {key!r}", lambda _: False), place


def _expected(name: str, value: Any, place: str) -> str:
    got = "null" if value is None else repr(value)
    return f"{place and place + ': '}expected {name}, got {got[:60]}"
