"""The same call for several items at once, in threads that wait for processes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(do: Callable[[Item], Result], items: Iterable[Item], at_once: int, close: Callable[[], None]) -> list[Result]:
    """Return `do(item)` of each item, in order, `at_once` of them concurrently. Raises the first error.

    After an error, or Ctrl-C, `close` is called. It must end the processes for which the threads wait.
    """
    pool = ThreadPoolExecutor(at_once)
    try:
        done = list(pool.map(do, items))
    except BaseException:
        close()
        pool.shutdown(cancel_futures=True)
        close()  # for processes that were started meanwhile
        raise
    pool.shutdown()
    return done
