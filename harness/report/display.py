"""The display of progress: a progress bar on a terminal, a line for each epoch elsewhere, and notes."""

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress


class Display:
    """A display of the events of workers on `stream`, which must not be captured by pytest.

    Without a stream, as in a process of pytest-xdist, it only keeps `notes`: message -> the first variant with it.
    """

    def __init__(self, stream: TextIO | None):
        self.notes: dict[str, str] = {}
        self.console = Console(file=stream, quiet=stream is None, highlight=False, markup=False, soft_wrap=True)
        self.bar: Progress | None = None
        self.run = 0
        self.said = ""

    def close(self) -> None:
        """Close the stream."""
        if not self.console.quiet:
            self.console.file.close()

    def on_event(self, variant: str, event: str, details: dict) -> None:
        """Show an event of a worker: call the method of the event's name."""
        getattr(self, event)(variant, **details)

    def warning(self, variant: str, message: str) -> None:
        """Note a warning, unless another variant has given the same one."""
        self.notes.setdefault(message, variant)

    def taken_out(self, _: str, names: list[str]) -> None:
        """Note the variables that workers do not inherit."""
        listed = ", ".join(names)
        self.warning("all workers", f"taken out of their environment: {listed} (--keep-env=NAME keeps one)")

    def training(self, variant: str, epochs: int) -> None:
        """Show that a training begins: on a terminal by a progress bar."""
        self.trained(variant)  # the bar of a worker that died while it trained is still there
        self.epochs, self.elapsed = epochs, 0.0
        self.console.print()  # pytest's own line is not finished yet
        if self.console.is_terminal:
            columns = (f"{variant:<17}", BarColumn(), "epoch {task.completed}/{task.total}", "{task.fields[status]}")
            self.bar = Progress(*columns, console=self.console, transient=True)
            self.task = self.bar.add_task(variant, total=epochs, status="compiling")
            self.bar.start()

    def epoch(self, variant: str, epoch: int, loss: float, seconds: float) -> None:
        """Show the loss and the seconds of an epoch, counted from 1."""
        self.elapsed += seconds
        left = self.elapsed / epoch * (self.epochs - epoch)
        status = f"loss {loss:.4f}  {seconds:.1f} s  about {left:.0f} s left"
        if self.bar:
            self.bar.update(self.task, completed=epoch, status=status)
        else:
            self.console.print(f"{variant:<17} epoch {epoch:2}/{self.epochs}  {status}")

    def measuring(self, run: int, runs: int, what: str) -> None:
        """Show the next step of a campaign; without a terminal, only the start of each process run."""
        text = f"process run {run} of {runs}: {what}"
        is_new, self.run = run != self.run, run
        if self.console.is_terminal:
            self.console.print(text.ljust(60), end="\r")
        elif is_new:
            self.console.print(f"\nprocess run {run} of {runs}", end="")

    def say(self, what: str) -> None:
        """Show a line about slow work: on a terminal in place of the last line, elsewhere below it if it is another."""
        if self.console.is_terminal:
            self.console.print(what[:100].ljust(100), end="\r")
        elif what != self.said:
            self.console.print(f"\n{what}", end="")
        self.said = what

    def trained(self, variant: str) -> None:
        """Remove the progress bar, if there is one."""
        if self.bar:
            self.bar.stop()
            self.bar = None


def real_stdout() -> TextIO:
    """Return a separate stream to the present stdout. Call it before pytest captures stdout."""
    encoding = getattr(sys.__stdout__, "encoding", None)  # PYTHONIOENCODING may say another than the locale
    return os.fdopen(os.dup(1), "w", buffering=1, encoding=encoding, errors="replace")
