"""How long each operation takes in each variant: a campaign over several launches, replayed into pytest-benchmark."""

import pytest

import impls
from harness.measuring import figures, floor
from harness.measuring.clock import CLOCK, replay
from harness.measuring.workload import EPOCH


@pytest.fixture
def launches(campaign, timed):
    """All launches of the entrant. Raises what kept it from being measured; skips if a package is missing."""
    failure = campaign.failures.get(str(timed))
    if isinstance(failure, impls.PackageNotInstalled):
        pytest.skip(str(failure))
    if failure:
        raise failure
    return campaign.launches[str(timed)]


@pytest.mark.latency
@pytest.mark.benchmark(timer=CLOCK)
def test_latency(launches, campaign, timed, operation, benchmark, record, pytestconfig):
    option = pytestconfig.option
    samples = [launch.samples[operation] for launch in launches]
    assert [len(of_launch) for of_launch in samples] == option.launches * [operation.rounds * operation.blocks]
    roofline = figures.floor_seconds(campaign.launches.get(floor.name_for(timed.network), ()), operation, timed.network)
    benchmark.group = str(operation)
    benchmark.extra_info.update(
        launches[0].conditions,
        **campaign.machine,
        batch_size=option.batch_size if operation == EPOCH else operation.batch_size,
        launches=samples,
        import_seconds=[launch.import_seconds for launch in launches],
        first_step_seconds=[launch.first_step_seconds for launch in launches],
        peak_memory_bytes=[launch.memory for launch in launches],
        network=timed.network,
        floor_seconds=roofline,
    )
    replay(benchmark, [seconds for of_launch in samples for seconds in of_launch])
    record("timing", operation=str(operation), seconds=figures.medians(launches, operation), roofline=roofline)
    [participant] = [each for each in campaign.participants if each.name == str(timed)]
    if operation == participant.operations[0]:
        record("process", starting=figures.starting(launches), memory=figures.memory(launches))
