"""Interleaving: measurements take turns, in an order that changes with each turn, so that drift is the same for all."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Side = TypeVar("Side")


def interleaved(sides: Sequence[Side], turns: Iterable[int]) -> Iterator[Side]:
    """Yield every side once in each turn, in the order of `in_turn`."""
    for turn in turns:
        yield from in_turn(sides, turn)


def in_turn(sides: Sequence[Side], turn: int) -> list[Side]:
    """Return the sides in the order of this turn. None always follows the same one: for two, A B, B A, B A, A B."""
    if not sides:
        return []
    start = turn // 2 % len(sides)
    order = [*sides[start:], *sides[:start]]
    return order[::-1] if turn % 2 else order
