"""What this process has really imported: versions and files as the modules themselves say, beside their metadata.

Runs in workers, and needs the standard library alone.
"""

import contextlib
import sys
from collections.abc import Collection
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from harness.regression.installed import canonical


def imported(packages: Collection[str], named: Collection[str]) -> dict[str, dict[str, Any]]:
    """Of each of `packages`, and of each that a distribution out of `named` provides, if it was imported and tells:

    - `version`, `file`: of the module.
    - `inside`: whether the file lies in the environment of this interpreter.
    - `distributions`: "name==version" of whatever provides it by its metadata, more than one if some are stale.
    """
    providers: dict[str, list[str]] = {}
    for distribution in distributions():
        with contextlib.suppress(Exception):  # pip leaves metadata of another one without a name, or unreadable
            if not _is_editable(distribution):
                name = canonical(distribution.name)
                for package in _provided(distribution) & sys.modules.keys():
                    providers.setdefault(package, []).append(f"{name}=={distribution.version}")
    wanted = {*packages, *(package for package, of_it in providers.items() if _names(of_it) & {*named})}
    modules = {package: sys.modules[package] for package in sorted(wanted & sys.modules.keys())}
    return {
        package: {
            "version": str(module.__version__),
            "file": module.__file__,
            "inside": Path(module.__file__).is_relative_to(sys.prefix),
            "distributions": sorted(providers.get(package, ())),
        }
        for package, module in modules.items()
        if getattr(module, "__version__", None) and getattr(module, "__file__", None)
    }


def _names(pins: list[str]) -> set[str]:
    return {pin.partition("==")[0] for pin in pins}


def _provided(distribution: Distribution) -> set[str]:
    """Its packages and modules at the top level."""
    declared = (distribution.read_text("top_level.txt") or "").split()
    return set(declared) or {file.parts[0].removesuffix(".py") for file in distribution.files or ()}


def _is_editable(distribution: Distribution) -> bool:
    """Its metadata then tell of the day when it was installed."""
    return '"editable": true' in (distribution.read_text("direct_url.json") or "")
