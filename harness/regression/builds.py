"""Builds of a package: its versions with a wheel for this interpreter, in order, between two versions or dates."""

import platform
import re
from collections import Counter
from datetime import date
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, sys_tags
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from harness.regression import index
from harness.regression.index import File
from harness.regression.installed import canonical
from harness.regression.requirements import NotBuilt

YANKED, NO_WHEEL, PRE_RELEASE = "yanked", "without a wheel for this interpreter", "pre-release"
SUPPORTED: frozenset[Tag] = frozenset(sys_tags())
Bound = date | Version


class Build(NamedTuple):
    """A version, and the day of its upload, such as "2026-01-31"; "" if the index does not tell."""

    version: str
    uploaded: str = ""


class Builds(NamedTuple):
    """The builds from the first end to the last, in order of versions; and reason -> number of those left out."""

    builds: list[Build]
    left_out: dict[str, int]


def bound(text: str) -> Bound:
    """Return the date or the version of a command line. Raises `ValueError` if it is neither."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else Version(text)
    except ValueError:
        raise ValueError(f"{text!r} is neither a version such as 0.5.0 nor a date such as 2026-01-31") from None


def between(package: str, first: Bound, last: Bound = date.max, pre: bool = False) -> Builds:
    """Return the builds from `first` to `last`, both included. An end that is a version must be one of them.

    Pre-releases count if `pre`, if an end is one, or if there is nothing else. Raises `NotBuilt`.
    """
    files: dict[Version, list[File]] = {}
    for file in index.files(package):
        if version := _version(package, file["filename"]):
            files.setdefault(version, []).append(file)
    if not files:
        raise NotBuilt(f"{package} is on none of the package indexes")
    ends = [end for end in (first, last) if isinstance(end, Version)]
    pre = pre or any(end.is_prerelease for end in ends) or all(version.is_prerelease for version in files)
    days = {version: _first_day(of_one) for version, of_one in files.items()}
    if any(isinstance(end, date) and end != date.max for end in (first, last)) and not all(days.values()):
        raise NotBuilt(f"an index has no upload times of {package}: name versions instead of dates")

    def is_within(version: Version) -> bool:
        first_day, last_day = (end.isoformat() if isinstance(end, date) else days[version] for end in (first, last))
        first_version, last_version = (end if isinstance(end, Version) else version for end in (first, last))
        return first_version <= version <= last_version and first_day <= days[version] <= last_day

    reasons = {version: _left_out(version, files[version], pre) for version in sorted(filter(is_within, files))}
    for end in ends:
        if reason := reasons.get(end, "on no package index, or not between the ends"):
            raise NotBuilt(f"{package} {end} cannot be an end: it is {reason}")
    builds = [Build(str(version), days[version]) for version, reason in reasons.items() if not reason]
    if len(builds) < 2:
        raise NotBuilt(f"expected 2 builds of {package} from {first} to {last} or more, found {len(builds)}")
    return Builds(builds, dict(Counter(filter(None, reasons.values()))))


def _first_day(files: list[File]) -> str:
    """Return the day on which the first file was uploaded, or "" if no index tells."""
    return min((file["upload-time"][:10] for file in files if file.get("upload-time")), default="")


def _version(package: str, filename: str) -> Version | None:
    """Return the version of a file without its local part; None for another package or an unknown format."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        name, version, *_ = parse(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
    return Version(version.public) if name == canonical(package) else None


def _left_out(version: Version, files: list[File], pre: bool) -> str:
    """Return why a version is left out, or ""."""
    if version.is_prerelease and not pre:
        return PRE_RELEASE
    usable = [file for file in files if _runs_here(file)]
    if not usable:
        return NO_WHEEL
    return YANKED if all(file.get("yanked") for file in usable) else ""


def _runs_here(file: File) -> bool:
    if not file["filename"].endswith(".whl"):
        return False
    *_, tags = parse_wheel_filename(file["filename"])
    try:
        pythons = SpecifierSet(file.get("requires-python") or "")
    except InvalidSpecifier:
        pythons = SpecifierSet()
    return not tags.isdisjoint(SUPPORTED) and pythons.contains(platform.python_version(), prereleases=True)
