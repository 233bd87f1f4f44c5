"""Files that are there whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def written(path: str | Path) -> Iterator[Path]:
    """A name beside `path` to write to: what is there at the end takes the name `path`, and nothing if it failed."""
    path = Path(path)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        temporary.replace(path)
