"""Releases of a package in a variant: their environments, like that of one of them, and their numerics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import impls
from harness.regression import content, environments
from harness.regression.checks import CHECKS
from harness.regression.identity import Contradiction, identified
from harness.regression.numerics import SAME, Finding
from harness.regression.pair import CandidateFailed, Pairs
from harness.regression.requirements import NotBuilt, package_of
from harness.regression.versions import Side
from harness.workers import processors
from harness.workers.excerpt import in_a_line

IMPORTABLE = "importable"  # a check of itself: the packages can be imported and the network built


class NoAnswer(ValueError):
    """An exception if the reference, or the other end of a search, cannot be measured. The message is one line."""


@dataclass
class Releases:
    """Releases of `package` in a variant.

    - `companions`: requirements of other packages, for all releases.
    - `root`: the folder of the environments.
    - `reference`: package -> version in the environment of the release that the others are compared with: each other
      one gets these as far as it allows them. None as long as that is not resolved, which gets the installed versions.
    """

    package: str
    variant: str
    companions: Sequence[str]
    pairs: Pairs
    root: Path
    reference: Mapping[str, str] | None = field(default=None, init=False)

    def resolved(self, version: str) -> dict[str, str]:
        """Return the versions of all packages in the environment of a release. Raises `NotBuilt`."""
        requirements = [f"{self.package}=={version}", *self.companions]
        pins = content.resolve(requirements, self._packages(), self.reference)
        return dict(line.split("==") for line in pins.split())

    def side(self, pins: Mapping[str, str], like: Path | None = None) -> Side:
        """Build an environment of exactly these versions and return it as a side. Raises `NotBuilt`.

        `like` is as in `environments.built`.
        """
        python = environments.built(as_text(pins), self._packages(), self.root, like)
        requirement = f"{self.package}=={pins[self.package]}"
        return Side(requirement, str(python), (requirement,))

    def findings(self, sides: Sequence[Side], checks: Sequence[str]) -> Iterator[tuple[str, Finding]]:
        """Yield each of `checks`, of `CHECKS` and `IMPORTABLE`, with its finding, until one cannot be made."""
        check, is_running, cpu_slots = checks[0], False, (0, 1 % processors.count())
        try:
            with self.pairs.started(self.variant, [side.python for side in sides], cpu_slots) as pair:
                pair.build()
                identified(pair, sides)
                is_running = True
                for check in checks:
                    yield check, SAME if check == IMPORTABLE else CHECKS[check](pair)
        except CandidateFailed as error:
            is_finding = is_running or check == IMPORTABLE
            yield check, Finding("changed" if is_finding else "missing", str(error))
        except (Contradiction, Exception) as error:
            yield check, Finding("missing", in_a_line(error))

    def _packages(self) -> tuple[str, ...]:
        return impls.variants()[self.variant].packages


def as_text(pins: Mapping[str, str]) -> str:
    """Return the versions as uv writes them."""
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """Return package -> its version in both environments, where these differ; None where it is absent."""
    names = sorted(before.keys() | after.keys())
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def variant_of(package: str) -> str:
    """Return the variant of a package, as `jax` of jax, although `keras-jax` needs it, too. Raises `NotBuilt`."""
    needed = {name: sorted(each.packages, key="numpy".__eq__) for name, each in impls.variants().items()}
    names = [name for name, packages in needed.items() if package_of(package) in packages]
    own = [name for name in names if needed[name][0] == package_of(package)]  # NumPy counts last
    if len(own or names) != 1:
        raise NotBuilt(f"name the variant with --framework: {', '.join(own or names or needed)}")
    return (own or names)[0]
