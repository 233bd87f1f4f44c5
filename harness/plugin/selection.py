"""Pytest hooks that choose the variants, the networks and the tests."""

import argparse
import difflib
from collections.abc import Callable, Iterable

import pytest

import impls
from harness.measuring import targets
from harness.measuring.workload import EPOCH, OPERATIONS, Operation
from harness.plugin.chapter import Chapter, case_of, chapters, parameters_of
from harness.plugin.stash import CASES, NOTICES, REFERENCES
from impls import Case
from impls.contract import DEFAULT_NETWORKS, NETWORKS, Settings

ACROSS_VARIANTS = "test_mean_accuracies_agree"  # the test that compares all variants


def pytest_configure(config: pytest.Config) -> None:
    """Choose variants, networks and references by the command line, and register the markers of chapters."""
    for chapter in chapters(config):
        config.addinivalue_line("markers", f"{chapter.marker}: {chapter.description}")
    option = config.option
    variants, networks = _chosen_variants(option), _chosen_networks(option)
    config.stash[CASES] = impls.cases(variants, networks)
    lines = config.stash.setdefault(NOTICES, [])
    for network in networks:
        others = [variant for variant in variants if network not in impls.variants()[variant].networks]
        lines += [f"not written for {network}: {', '.join(others)}"] if others else []
    if not config.stash[CASES]:
        raise pytest.UsageError("; ".join(lines))
    config.stash[REFERENCES] = {network: _reference(option, network) for network in networks}
    if option.in_process:
        _refuse_conflicts(variants)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize tests by the chosen variants, networks and operations."""
    cases, option = metafunc.config.stash[CASES], metafunc.config.option
    by_chapter = any(chapter.parametrize(metafunc, cases) for chapter in chapters(metafunc.config))
    if "framework" in metafunc.fixturenames and not by_chapter:
        metafunc.parametrize("framework", cases, indirect=True, ids=str)
    if metafunc.definition.originalname == ACROSS_VARIANTS:
        metafunc.parametrize("network", metafunc.config.stash[REFERENCES])
    if "timed" in metafunc.fixturenames:
        pairs = targets.pairs(cases, option.notebook_baseline, _operations(option))
        metafunc.parametrize(("timed", "operation"), pairs, ids=str)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that were not requested.

    - `--benchmark-only` runs benchmarks only. `--compare` also runs tests marked accuracy, and without
      `--quick` those marked trajectory.
    - Tests marked network, defaults, edge, parallel, profile or latency need that name in `-m`.
    - Tests marked long need `--long`.
    - The comparison of all variants' accuracies needs `--seeds` of 2 or more.
    - With `--framework`, only tests about a variant run, unless test files are named.
    """
    option, known = config.option, chapters(config)
    only_variants = option.framework and all((config.invocation_params.dir / path).is_dir() for path in config.args)
    on_request = {"network", "defaults", "latency", *(chapter.marker for chapter in known if chapter.on_request)}

    def is_wanted(item: pytest.Item) -> bool:
        markers = {marker.name for marker in item.iter_markers()}
        if item.originalname == ACROSS_VARIANTS and option.seeds < 2:
            return False
        if only_variants and item.originalname != ACROSS_VARIANTS and case_of(item) is None:
            return False
        if option.compare:
            return bool(markers & ({"latency", "accuracy"} if option.quick else {"latency", "accuracy", "trajectory"}))
        if option.benchmark_only:
            return "latency" in markers
        if "long" in markers and not option.long:
            return False
        if lacks_its_chapter(item, known) or is_of_another_variant(item, config.stash[CASES]):
            return False
        if "state" in markers and not NETWORKS[case_of(item).network].state:
            return False
        return all(marker in option.markexpr for marker in markers & on_request)

    keep_only(config, items, is_wanted)
    if option.compare:
        items.sort(key=lambda item: item.get_closest_marker("latency") is None)  # later tests reuse their workers


def keep_only(config: pytest.Config, items: list[pytest.Item], is_wanted: Callable[[pytest.Item], bool]) -> None:
    """Deselect all other tests."""
    wanted, unwanted = [], []
    for item in items:
        (wanted if is_wanted(item) else unwanted).append(item)
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
    items[:] = wanted


def _operations(option: argparse.Namespace) -> list[Operation]:
    """Return the operations to time: all, or those in the tables of `--compare`, with one block for `--quick`."""
    if not option.compare:
        return list(OPERATIONS)
    shown = [operation for operation in OPERATIONS if operation.heading]
    compared = [operation._replace(blocks=1) if option.quick else operation for operation in shown]
    return [*compared, EPOCH] if option.notebook_baseline else compared


def lacks_its_chapter(item: pytest.Item, known: Iterable[Chapter]) -> bool:
    """Return whether the test is about a case without the chapter of the test. Chapters are optional."""
    for chapter in known:
        if item.get_closest_marker(chapter.marker) and chapter.parameters[0] in parameters_of(item):
            case = parameters_of(item)[chapter.parameters[0]]  # not a `Case` if `expand` has no values
            return not (isinstance(case, Case) and chapter.exists(*case))
    return False


def is_of_another_variant(item: pytest.Item, cases: list[Case]) -> bool:
    """Return whether the test is about an implementation's files and another chosen variant represents them."""
    if item.get_closest_marker("tutorial") is None:
        return False
    about = item.callspec.params["framework"]
    alike = [each for each in cases if each.implementation == about.implementation]
    return about != [each for each in alike if each.network == alike[0].network][-1]


def _refuse_conflicts(variants: list[str]) -> None:
    """Refuse `--in-process` for variants that differ in packages or environment: they cannot share a process."""
    needs = {(known.packages, tuple(known.environment.items())) for known in map(impls.variants().get, variants)}
    if len(needs) > 1:
        raise pytest.UsageError(
            "--in-process runs the framework inside pytest, and two frameworks in one process abort: "
            f"name exactly one with --framework, out of {', '.join(impls.variants())}"
        )


def _chosen_variants(option: argparse.Namespace) -> list[str]:
    """Return the variants of `--framework`, which names variants or implementations; all without the option."""
    known = impls.variants()
    if not option.framework:
        return list(known)
    chosen = []
    for name in option.framework:
        matching = [variant.name for variant in known.values() if name in (variant.name, variant.implementation)]
        if not matching:
            raise _unknown("--framework", name, "variant", known, impls.names())
        chosen += matching
    return list(dict.fromkeys(chosen))


def _chosen_networks(option: argparse.Namespace) -> list[str]:
    """Return the networks of `--network`, in the order of the contract."""
    asked, known = option.network or [Settings.network], [*DEFAULT_NETWORKS, "all"]
    for name in asked:
        if name not in known:
            raise _unknown("--network", name, "network", known)
    return [network for network in DEFAULT_NETWORKS if network in asked or "all" in asked]


def _reference(option: argparse.Namespace, network: str) -> str:
    """Return the reference variant: that of `--reference`, else NumPy, else an installed one for the network."""
    able = [case.variant for case in impls.cases(impls.variants(), [network])]
    if option.reference and option.reference not in able:
        raise _unknown("--reference", option.reference, f"variant for {network}", able)
    return option.reference or min(able, key=lambda name: (name != "numpy", bool(impls.missing(name))))


def _unknown(option: str, name: str, what: str, known: Iterable[str], also: Iterable[str] = ()) -> pytest.UsageError:
    near = difflib.get_close_matches(name, [*known, *also], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    return pytest.UsageError(f"{option} {name}: no such {what}{hint} Expected one of {', '.join(known)}.")
