"""Times of each operation in each variant: a campaign over several process runs, replayed into pytest-benchmark."""

import pytest

import impls
from harness.measuring import figures, roofline
from harness.measuring.clock import CLOCK, replay
from harness.measuring.workload import EPOCH


@pytest.fixture
def runs(campaign, timed):
    """All process runs of the case. Raises what kept it from being measured; skips if a package is missing."""
    failure = campaign.failures.get(str(timed))
    if isinstance(failure, impls.PackageNotInstalled):
        pytest.skip(str(failure))
    if failure:
        raise failure
    return campaign.runs[str(timed)]


@pytest.mark.latency
@pytest.mark.benchmark(timer=CLOCK)
def test_latency(runs, campaign, timed, operation, benchmark, record, pytestconfig):
    option = pytestconfig.option
    samples = [run.samples[operation] for run in runs]
    assert [len(of_run) for of_run in samples] == option.process_runs * [operation.rounds * operation.blocks]
    bound = figures.roofline_seconds(campaign.runs.get(roofline.name_for(timed.network), ()), operation, timed.network)
    benchmark.group = str(operation)
    benchmark.extra_info.update(
        runs[0].conditions,
        **campaign.machine,
        batch_size=option.batch_size if operation == EPOCH else operation.batch_size,
        runs=samples,
        import_seconds=[run.import_seconds for run in runs],
        first_step_seconds=[run.first_step_seconds for run in runs],
        peak_memory_bytes=[run.memory for run in runs],
        network=timed.network,
        roofline_seconds=bound,
    )
    replay(benchmark, [seconds for of_run in samples for seconds in of_run])
    record("timing", operation=str(operation), seconds=figures.medians(runs, operation), roofline=bound)
    [target] = [each for each in campaign.targets if each.name == str(timed)]
    if operation == target.operations[0]:
        record("process", starting=figures.starting(runs), memory=figures.memory(runs))
