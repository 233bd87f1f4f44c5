"""Comparability of a saved run with this one: the conditions of each benchmark, now and when it was saved."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MUST_MATCH = (  # or the times mean different things
    *("cpu", "cpu_quota", "gpu", "threads", "affinity", "kept_variables"),
    *("device", "network", "batch_size", "python"),
)
NOT_VERSIONS = {
    *(*MUST_MATCH, "load_average", "garbage_collector", "runs"),
    *("import_seconds", "first_step_seconds", "peak_memory_bytes", "roofline_seconds"),
}
STATISTICS = ("min", "max", "mean", "stddev", "median", "iqr", "ops")  # that pytest-benchmark shows and compares


def is_readable(record: Any) -> bool:
    """Return whether pytest-benchmark can read a record of a saved run: all statistics are finite numbers."""
    if not isinstance(record, dict) or not isinstance(record.get("stats"), dict) or "fullname" not in record:
        return False
    numbers = (record["stats"].get(key) for key in STATISTICS)
    return all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)


def examine(now: Iterable[Any], saved: dict[str, dict], name: str) -> list[str]:
    """Remove from `saved`, a run called `name`, the records that cannot be compared with `now`.

    Return a line for each reason, and for each version that differs. `now` are pytest-benchmark's records of this run,
    each with `fullname` and `extra_info`; `saved` are the loaded ones by their full names.
    """
    current = {benchmark.fullname: benchmark.extra_info for benchmark in now}
    tests: dict[str, list[str]] = {}  # reason -> names
    for fullname, benchmark in list(saved.items()):
        then = benchmark.get("extra_info") or {}
        problem = _problem(current.get(fullname), then)
        if problem:
            del saved[fullname]
        reasons = [problem] if problem else _upgrades(current[fullname], then)
        for reason in reasons:
            tests.setdefault(reason, []).append(benchmark.get("name", fullname))
    more = {reason: f"{len(names)} benchmarks, such as " if len(names) > 1 else "" for reason, names in tests.items()}
    return [f"{name}: {reason}: {more[reason]}{names[0]}" for reason, names in tests.items()]


def _problem(now: Mapping[str, Any] | None, then: Mapping[str, Any]) -> str:
    """Return why two records, as the `extra_info` of each, cannot be compared; "" if they can."""
    if now is None:
        return "missing in this run, or renamed since"
    unknown = [f"{key} unknown" for key in ("cpu", "gpu") if now.get(key) is None and then.get(key) is None]
    changes = [_change(key, now, then) for key in MUST_MATCH if now.get(key) != then.get(key)] + unknown
    return f"not comparable ({'; '.join(changes)})" if changes else ""


def _upgrades(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """Return the compared versions: each package that differs, and whether the implementation does."""
    keys = [key for key in {**then, **now} if key not in NOT_VERSIONS]
    return [f"compared although {_change(key, now, then)}" for key in keys if now.get(key) != then.get(key)]


def _change(key: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    return f"{key} {then.get(key, 'unknown')} then, {now.get(key, 'unknown')} now"
