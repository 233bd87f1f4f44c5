"""The result of a search as text, Markdown and JSON."""

from collections.abc import Mapping
from typing import Any

from harness.bisect.bisection import UNDECIDED, Bisection
from harness.regression import installed
from harness.regression.pair import SIDES
from harness.regression.pair_run import RATIOS
from harness.regression.releases import IMPORTABLE


def described(bisection: Bisection, network: str, left_out: Mapping[str, int]) -> dict[str, Any]:
    """Return all facts of a search that has ended. Without a difference, those of the first bad build are missing."""
    outcomes = bisection.journal.outcomes
    end = bisection.outcome(len(bisection.builds) - 1 if bisection.bad is None else bisection.bad)
    result = {
        "package": bisection.package,
        "framework": bisection.prober.variant,
        "network": network,
        "check": bisection.check,
        "ends": [bisection.builds[0].version, bisection.builds[-1].version],
        "builds": len(bisection.builds),
        "tried": bisection.tried(),
        "left_out": dict(left_out),
        "margin": bisection.sampling.margin if bisection.check in RATIOS else None,
        "alpha": bisection.sampling.alpha if bisection.check in RATIOS else None,
        "seconds_per_probe": round(bisection.seconds(), 1),
        "environments_built": sum(each.built for each in outcomes.values()),
        "finding": {"word": end.word, "reason": end.reason},
        "first_bad": None,
    }
    if bisection.bad is None:
        return result
    differences = bisection.differences()
    return result | {
        "last_good": bisection.builds[bisection.good]._asdict(),
        "first_bad": bisection.builds[bisection.bad]._asdict(),
        "unknown": bisection.unknown(),
        "differences": differences,
        "culprits": bisection.culprits,
        "smaller_sets": {name: each.word for name, each in outcomes.items() if " with " in name},
        "equal_packages": len(end.pins) - sum(after is not None for _, after in differences.values()),
        "reproduce": _command(bisection, network),
    }


def _command(bisection: Bisection, network: str) -> str:
    """Return the command that compares both builds, in environments of the same versions."""
    here = installed.versions()
    sides = [
        f'--{side} "{name}=={version}"'
        for side, position in zip(SIDES, (bisection.good, bisection.bad), strict=True)
        for name, version in bisection.outcome(position).pins.items()
        if name == bisection.package or here.get(name) != version
    ]
    check = "network" if bisection.check == IMPORTABLE else bisection.check
    chosen = f"--framework {bisection.prober.variant} --network {network} {' '.join(sides)}"
    margin = f" --max-slowdown {100 * bisection.sampling.margin:g}" if check in RATIOS else ""
    return f"pytest -m regression {chosen} -k {check}{margin}"


def rows(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of the report, by their heading."""
    package, (first, last) = facts["package"], facts["ends"]
    left_out = "".join(f", {count} left out: {reason}" for reason, count in facts["left_out"].items())
    cost = {
        "builds": f"{facts['tried']} of {facts['builds']} tried{left_out}",
        "cost": f"{facts['environments_built']} environments built, {facts['seconds_per_probe']:.0f} s a probe",
    }
    if facts["alpha"]:
        bound = f"the chance that any verdict is wrong is at most {facts['alpha']:.1%}"
        cost |= {"error": f"{bound}; a change within {facts['margin']:.1%} does not matter"}
    difference = ": ".join(filter(None, facts["finding"].values()))
    if not facts["first_bad"]:
        return {"result": f"{package} {first} and {last} do not differ in {facts['check']}: {difference}"} | cost
    good, bad = facts["last_good"], facts["first_bad"]
    gap = {"between": "; ".join(f"{version} {why}" for version, why in facts["unknown"].items())}
    return {
        "last good": f"{package} {good['version']}  {good['uploaded']}".rstrip(),
        "first bad": f"{package} {bad['version']}  {bad['uploaded']}".rstrip(),
        **(gap if facts["unknown"] else {}),
        "difference": f"{facts['check']} {difference}",
        "packages": _packages(facts),
        **cost,
        "reproduce": facts["reproduce"],
    }


def _packages(facts: Mapping[str, Any]) -> str:
    changed = {
        name: f"{name} {before or 'absent'} -> {after or 'absent'}"
        for name, (before, after) in facts["differences"].items()
    }
    equal = f"; the other {count} packages are equal" if (count := facts["equal_packages"]) else ""
    if len(changed) == 1:
        return f"only {changed[facts['package']]}{equal}"
    missing = sum(word in UNDECIDED for word in facts["smaller_sets"].values())
    untested = f" ({missing} smaller sets cannot be measured)" if missing else ""
    needed = f"the smallest set that makes the difference: {', '.join(facts['culprits'])}{untested}"
    return f"{', '.join(changed.values())}{equal}; {needed}"


def as_text(facts: Mapping[str, Any]) -> str:
    """Return a line for each heading."""
    lines = rows(facts)
    width = max(map(len, lines))
    return "\n".join(f"{heading:{width}}  {text}" for heading, text in lines.items())


def as_markdown(facts: Mapping[str, Any]) -> str:
    """Return the same as a table."""
    cells = (f"| {heading} | {text.replace('|', ' ')} |" for heading, text in rows(facts).items())
    return "\n".join(["| | |", "|---|---|", *cells]) + "\n"
