"""Whether a saved run can be compared with this one: the conditions of each benchmark, now and when it was saved."""

from collections.abc import Iterable, Mapping
from typing import Any

MUST_MATCH = ("cpu", "threads", "affinity", "device", "batch_size", "python")  # or the times mean different things
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


def obstacles(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """What forbids to compare two records: "threads 2 then, 1 now". Each is the `extra_info` of a benchmark."""
    return [_change(key, now, then) for key in MUST_MATCH if now.get(key) != then.get(key)]


def upgrades(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """What is compared, if the two may be: each version that differs, and whether the implementation does."""
    keys = [key for key in {**then, **now} if key not in DESCRIBE_NO_CODE]
    return [_change(key, now, then) for key in keys if now.get(key) != then.get(key)]


def _change(key: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    return f"{key} {then.get(key, 'unknown')} then, {now.get(key, 'unknown')} now"


def examine(now: Iterable[Any], saved: dict, name: str) -> list[str]:
    """Take out of `saved`, a loaded run called `name`, what cannot be compared with `now`; say so, one line a reason.

    `now` are pytest-benchmark's records of this run, each with `fullname` and `extra_info`.
    """
    current = {benchmark.fullname: benchmark.extra_info for benchmark in now}
    lines: dict[str, list[str]] = {}
    kept = []
    for benchmark in saved["benchmarks"]:
        test, then = benchmark["name"], benchmark["extra_info"]
        if benchmark["fullname"] not in current:
            lines.setdefault("missing in this run, or renamed since", []).append(test)
            continue
        found = obstacles(current[benchmark["fullname"]], then)
        for obstacle in found:
            lines.setdefault(f"not comparable, {obstacle}", []).append(test)
        if not found:
            kept.append(benchmark)
            for upgrade in upgrades(current[benchmark["fullname"]], then):
                lines.setdefault(f"compared although {upgrade}", []).append(test)
    saved["benchmarks"] = kept
    return [f"{name}: {reason}: {_names(tests)}" for reason, tests in lines.items()]


def _names(tests: list[str]) -> str:
    return tests[0] if len(tests) == 1 else f"{len(tests)} benchmarks, such as {tests[0]}"
