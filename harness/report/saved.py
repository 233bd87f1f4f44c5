"""Whether a saved run can be compared with this one: the conditions of each benchmark, now and when it was saved."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MUST_MATCH = (
    "cpu",
    "cpu_quota",
    "gpu",
    "threads",
    "affinity",
    "kept_variables",
    "device",
    "network",
    "batch_size",
    "python",
)  # or the times mean different things
DESCRIBE_NO_CODE = {
    *MUST_MATCH,
    "load_average",
    "garbage_collector",
    "launches",
    "import_seconds",
    "first_step_seconds",
    "peak_memory_bytes",
    "floor_seconds",
}

STATISTICS = ("min", "max", "mean", "stddev", "median", "iqr", "ops")  # that pytest-benchmark shows and compares


def readable(records: Iterable[Any], name: str) -> tuple[list[dict], list[str]]:
    """Those of the records of a saved run, called `name`, that pytest-benchmark can read; a line for each other one."""
    kept, lines = [], []
    for record in records:
        flaw = _flaw(record)
        if flaw:
            lines.append(f"{name}: not comparable ({flaw})")
        else:
            kept.append(record)
    return kept, lines


def _flaw(record: Any) -> str:
    """What is wrong with a saved record; nothing if it can be read."""
    if not isinstance(record, dict) or not isinstance(record.get("stats"), dict) or "fullname" not in record:
        return "a record that pytest-benchmark did not write"
    wrong = [f"{key} {record['stats'].get(key)}" for key in STATISTICS if not _is_number(record["stats"].get(key))]
    return f"{', '.join(wrong)} then: {record['fullname']}" if wrong else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def obstacles(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """What forbids to compare two records: "threads 2 then, 1 now". Each is the `extra_info` of a benchmark."""
    unknown = [f"{key} unknown" for key in ("cpu", "gpu") if now.get(key) is None and then.get(key) is None]
    return [_change(key, now, then) for key in MUST_MATCH if now.get(key) != then.get(key)] + unknown


def upgrades(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """What is compared, if the two may be: each version that differs, and whether the implementation does."""
    keys = [key for key in {**then, **now} if key not in DESCRIBE_NO_CODE]
    return [_change(key, now, then) for key in keys if now.get(key) != then.get(key)]


def _change(key: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    return f"{key} {then.get(key, 'unknown')} then, {now.get(key, 'unknown')} now"


def examine(now: Iterable[Any], saved: dict[str, dict], name: str) -> list[str]:
    """Take out of `saved`, a run called `name`, what cannot be compared with `now`; say so, one line for each reason.

    `now` are pytest-benchmark's records of this run, each with `fullname` and `extra_info`; `saved` are the loaded
    ones by their full names.
    """
    current = {benchmark.fullname: benchmark.extra_info for benchmark in now}
    lines: dict[str, list[str]] = {}
    for fullname, benchmark in list(saved.items()):
        for reason, comparable in _reasons(current.get(fullname), benchmark.get("extra_info") or {}):
            lines.setdefault(reason, []).append(benchmark.get("name", fullname))
            if not comparable:
                del saved[fullname]
    return [f"{name}: {reason}: {_names(tests)}" for reason, tests in lines.items()]


def _reasons(now: Mapping[str, Any] | None, then: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What is to be said of a saved record, and whether it can be compared nevertheless."""
    if now is None:
        return [("missing in this run, or renamed since", False)]
    if obstacles(now, then):
        return [(f"not comparable ({'; '.join(obstacles(now, then))})", False)]
    return [(f"compared although {upgrade}", True) for upgrade in upgrades(now, then)]


def _names(tests: list[str]) -> str:
    return tests[0] if len(tests) == 1 else f"{len(tests)} benchmarks, such as {tests[0]}"
