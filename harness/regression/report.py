"""Reports of a comparison of two versions: a table for the terminal, Markdown, and JSON."""

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from harness.equality.limits import ACCURACY_MARGIN
from harness.judging.verdict import UNITS, Verdict
from harness.regression.numerics import Finding
from harness.regression.pair import SIDES
from harness.regression.pair_run import QUANTITIES
from harness.regression.upgrade import Upgrade
from harness.report.tables import plain_table
from harness.workers.excerpt import shortened

STYLES = {"worse": "red", "changed": "red", "better": "green", "inconclusive": "yellow", "missing": "yellow"}


def terminal(upgrade: Upgrade) -> Iterator[Table | str]:
    """Yield a table with a column for each variant, then lines that explain its words."""
    variants, requested = _axes(upgrade)
    between = " " if len(variants) < 3 else "\n"
    rows = [(name, *(_coloured(upgrade.found.get((each, name)), between) for each in variants)) for name in requested]
    title = "\n".join([_title(upgrade), *_identities(upgrade)])
    yield plain_table(title, ("change", *variants), rows, left=1 + len(variants))
    yield from map(escape, _explanations(upgrade))
    yield escape(_footnote(upgrade))


def as_markdown(upgrade: Upgrade) -> str:
    """Return the same as Markdown, for a pull request or the summary of a CI job."""
    variants, requested = _axes(upgrade)
    rows = [["", *variants], ["---"] * (1 + len(variants))]
    rows += [[name, *(str(upgrade.found.get((variant, name), "")) for variant in variants)] for name in requested]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    explained = "\n".join(f"- {line}" for line in _explanations(upgrade))
    identities = "\n".join(f"- {line}" for line in _identities(upgrade))
    parts = (f"### {_title(upgrade)}", upgrade.refused, identities, table, explained, _footnote(upgrade))
    return "\n\n".join(filter(None, parts)) + "\n"


def as_json(upgrade: Upgrade) -> str:
    """Return `described(upgrade)` as JSON."""
    return json.dumps(described(upgrade), indent=1)


def described(upgrade: Upgrade) -> dict[str, Any]:
    """Return every verdict with its reason, its interval and the values of each pair; unknown values are None."""
    variants, _ = _axes(upgrade)
    return {
        "sides": {name: side._asdict() for name, side in zip(SIDES, upgrade.sides, strict=True)},
        "network": upgrade.settings.network,
        "max_slowdown": upgrade.sampling.margin,
        "alpha": upgrade.sampling.alpha,
        "kept_variables": upgrade.kept_variables,
        "refused": upgrade.refused or None,
        "variants": {
            variant: {
                "versions": upgrade.versions.get(variant),
                "imported": upgrade.imported.get(variant),
                "found": {name: _record(upgrade, variant, name) for each, name in upgrade.found if each == variant},
            }
            for variant in variants
        },
    }


def _record(upgrade: Upgrade, variant: str, name: str) -> dict[str, Any]:
    found = upgrade.found[variant, name]
    record = {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in found._asdict().items()
    }
    if isinstance(found, Verdict):
        record["ratio"] = None if found.change is None or found.unit != "%" else 1 + found.change
        record.update(zip(SIDES, upgrade.comparisons[variant].values(name), strict=True))
    return record


def _axes(upgrade: Upgrade) -> tuple[list[str], list[str]]:
    """Return the variants and the names with a finding, in the order of the tests."""
    variants = [variant for variant in upgrade.requested if any(each == variant for each, _ in upgrade.found)]
    requested = dict.fromkeys(itertools.chain(*upgrade.requested.values()))
    return variants, [name for name in requested if any(each == name for _, each in upgrade.found)]


def _title(upgrade: Upgrade) -> str:
    return f"{' -> '.join(side.wanted for side in upgrade.sides)} ({upgrade.settings.network})"


def _grouped(lines: Iterable[tuple[str, str]]) -> list[str]:
    """Return each line once, with the variants that it is of. `lines`: line, variant."""
    variants: dict[str, list[str]] = {}
    for line, variant in lines:
        variants.setdefault(line, []).append(variant)
    return [f"{line} ({', '.join(of_line)})" for line, of_line in variants.items()]


def _identities(upgrade: Upgrade) -> list[str]:
    """Return the packages that each variant has imported on both sides, and their versions."""
    return _grouped((_identity(upgrade, variant), variant) for variant in upgrade.imported)


def _identity(upgrade: Upgrade, variant: str) -> str:
    before, after = (upgrade.imported[variant][side] for side in SIDES)
    versions = [{name: module["version"] for name, module in side.items()} for side in (before, after)]
    alike = {name: version for name, version in versions[0].items() if versions[1].get(name) == version}
    changes = _changes(*versions)
    said = [f"imported {', '.join(changes)}"] if changes else []
    if alike:
        same_files = all(before[name]["file"] == after[name]["file"] for name in alike)
        named = ", ".join(f"{name} {version}" for name, version in sorted(alike.items()))
        said.append(f"imported on both sides{', from the same files' if same_files else ''}: {named}")
    installed = upgrade.versions[variant]
    with_itself = "A VERSION AGAINST ITSELF: " if installed["baseline"] == installed["candidate"] else ""
    return with_itself + "; ".join(said)


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the packages of both sides whose versions differ."""
    both = sorted(before.keys() & after.keys())
    return [f"{name} {before[name]} -> {after[name]}" for name in both if before[name] != after[name]]


def _coloured(found: Finding | Verdict | None, between: str) -> str:
    """Return a cell; `between` separates the word and its numbers."""
    if found is None:
        return ""
    text, style = str(found).replace(f"{found.word} ", f"{found.word}{between}"), STYLES.get(found.word)
    return f"[{style}]{text}[/]" if style else text


def _explanations(upgrade: Upgrade) -> list[str]:
    """Return the packages that differ, then a line for each reason, with its names and variants."""
    lines = [
        ("; ".join(_changes(*(versions[side] for side in SIDES))) or "all packages are alike", variant)
        for variant, versions in upgrade.versions.items()
    ]
    reasons: dict[tuple[str, str, str], list[str]] = {}
    needs: dict[str, list[str]] = {}
    for (variant, name), found in upgrade.found.items():
        if getattr(found, "needed", 0):
            needs.setdefault(variant, []).append(f"{name} {found.needed:,.0f}")
        elif found.reason:
            reasons.setdefault((variant, found.word, found.reason), []).append(name)
    lines += [(f"{', '.join(names)} {word}: {reason}", variant) for (variant, word, reason), names in reasons.items()]
    lines += [
        (f"estimated number of pairs that would decide: {', '.join(each)}", variant) for variant, each in needs.items()
    ]
    return _grouped(lines)


def _footnote(upgrade: Upgrade) -> str:
    own = {"accuracy": ("points", ACCURACY_MARGIN)}
    own |= {name: (each.unit, each.margin) for name, each in QUANTITIES.items() if each.margin}
    margins = (f"{name} {UNITS[unit][0] * margin:g}{UNITS[unit][2]}" for name, (unit, margin) in own.items())
    kept = f" Kept by --keep-env: {shortened(upgrade.kept_variables)}." if upgrade.kept_variables != "none" else ""
    return (
        f"Changes with 95 % intervals. Better, worse: by more than {upgrade.sampling.margin:.1%}; same: by less (with "
        f"another margin: {', '.join(margins)}). "
        f"All verdicts together are wrong with a chance of {100 * upgrade.sampling.alpha:g} % at most.{kept}"
    )
