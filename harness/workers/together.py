"""Do the same for several at once, in threads that wait for processes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(do: Callable[[Item], Result], items: Iterable[Item], at_once: int, close: Callable[[], None]) -> list[Result]:
    """`do(item)` of each, so many at once, begun in order. Raises what the first of them raised.

    `close` ends what the threads wait for: it is called when something is raised, Ctrl-C above all.
    """
    pool = ThreadPoolExecutor(at_once)
    try:
        done = list(pool.map(do, items))
    except BaseException:
        close()
        pool.shutdown(cancel_futures=True)
        close()  # what was begun meanwhile
        raise
    pool.shutdown()
    return done
