"""The programs that XLA compiles. Its profiler records names of operations, and the programs hold their definitions."""

import re
from collections.abc import Mapping
from pathlib import Path

FLAGS = "--xla_dump_to={} --xla_dump_hlo_as_text"  # XLA writes its programs into a folder


def programs(folder: Path) -> dict[str, str]:
    """Return "module operation" -> its instruction and the source lines that called it, from the files in `folder`.

    A fusion has the instructions that were fused, too, without their metadata.
    """
    found = {}
    for file in sorted(folder.glob("*after_optimizations.txt")):
        text = file.read_text()
        module, frames, computations = re.match(r"HloModule ([^\s,]+)", text)[1], _frames(text), _computations(text)
        for lines in computations.values():
            for name, line in lines.items():
                called = re.findall(r"(?:calls|to_apply)=%([\w.-]+)", line)
                inside = [text for computation in called for text in computations.get(computation, {}).values()]
                frame = re.search(r"stack_frame_id=(\d+)", line)
                source = frames.get(frame[1], "") if frame else ""
                parts = [line, source, *(text.partition(", metadata=")[0] for text in inside)]
                found[f"{module} {name}"] = "\n".join(parts)
    return found


def described(about: str, known: Mapping[str, str]) -> str:
    """Return the definition of a kernel that XLA ran; of others `about` itself."""
    return known.get(about, about)


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
    names = {title: _table(text, title) for title in ("FileNames", "FunctionNames", "FileLocations", "StackFrames")}
    places = {}
    for number, entry in names["FileLocations"].items():
        about = dict(re.findall(r"(\w+)=(\d+)", entry))
        file, function = about.get("file_name_id", ""), about.get("function_name_id", "")
        places[number] = f"{names['FileNames'].get(file)} {names['FunctionNames'].get(function)}"
    found: dict[str, str] = {}
    for number, entry in names["StackFrames"].items():  # a frame comes after its caller
        about = dict(re.findall(r"(\w+)=(\d+)", entry))
        outer = found.get(about.get("parent_frame_id", ""), "")
        found[number] = f"{places.get(about.get('file_location_id'), '')}\n{outer}"
    return found


def _table(text: str, title: str) -> dict[str, str]:
    """Return the numbered lines below a title: number -> line."""
    _, _, rest = text.partition(f"\n{title}\n")
    entries = (line.partition(" ") for line in rest.partition("\n\n")[0].splitlines())
    return {number: entry for number, _, entry in entries}
