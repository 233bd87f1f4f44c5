"""The programs that XLA compiles. Its profiler records names of operations, and the programs hold their definitions."""

import re
from pathlib import Path

FLAGS = "--xla_dump_to={} --xla_dump_hlo_as_text"  # XLA writes its programs into a folder
TABLES = ("FileNames", "FunctionNames", "FileLocations", "StackFrames")


def programs(folder: Path) -> dict[str, str]:
    """Return "module operation" -> its instruction and the source lines that called it, from the files in `folder`.

    A fusion has the instructions that were fused, too, without their metadata.
    """
    found = {}
    for file in sorted(folder.glob("*after_optimizations.txt")):
        text = file.read_text(encoding="utf-8")
        module, frames, computations = re.match(r"HloModule ([^\s,]+)", text)[1], _frames(text), _computations(text)
        for name, line in (item for own in computations.values() for item in own.items()):
            called = re.findall(r"(?:calls|to_apply)=%([\w.-]+)", line)
            fused = [each for computation in called for each in computations.get(computation, {}).values()]
            frame = re.search(r"stack_frame_id=(\d+)", line)
            source = frames.get(frame[1], "") if frame else ""
            found[f"{module} {name}"] = "\n".join([line, source, *(each.partition(", metadata=")[0] for each in fused)])
    return found


def _computations(text: str) -> dict[str, dict[str, str]]:
    """Return computation -> name of instruction -> instruction."""
    computations: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if header := re.match(r"(?:ENTRY )?%([\w.-]+) .*\{$", line):
            own = computations.setdefault(header[1], {})
        elif instruction := re.match(r"\s+(?:ROOT )?%([\w.-]+) = ", line):
            own[instruction[1]] = line
    return computations


def _frames(text: str) -> dict[str, str]:
    """Return stack frame -> its file and function, and those of its callers, from the tables at the top."""
    tables = re.findall(r"^(\w+)\n((?:\d+ .*\n)*)", text, re.MULTILINE)
    by_title = {title: dict(re.findall(r"^(\d+) (.*)$", lines, re.MULTILINE)) for title, lines in tables}
    files, functions, locations, frames = (by_title.get(title, {}) for title in TABLES)
    found: dict[str, str] = {}
    for number, entry in frames.items():  # a frame comes after its caller
        frame = _numbers(entry)
        location = _numbers(locations.get(frame.get("file_location_id"), ""))
        place = f"{files.get(location.get('file_name_id'))} {functions.get(location.get('function_name_id'))}"
        found[number] = f"{place}\n{found.get(frame.get('parent_frame_id'), '')}"
    return found


def _numbers(entry: str) -> dict[str, str]:
    """Return the fields of "{file_name_id=1 line=30}"."""
    return dict(re.findall(r"(\w+)=(\d+)", entry))
