"""Under pytest-xdist each worker lives in one process, and so do fixtures of a file."""

import pytest

from harness.plugin.distribution import group


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/test_network.py::test_names[jax-mlp]", "jax"),
        ("tests/test_ladder.py::test_many_steps[float64-keras-jax-cnn]", "keras-jax"),
        ("tests/test_preprocessing.py::test_a_single_lit_pixel[keras-torch-mlp-0-27]", "keras-torch"),
        ("tests/test_mistakes.py::test_caught[keras-no_scaling]", "keras"),
        ("tests/test_lessons.py::test_a_loss[torch-16.118]", "torch"),
        ("tests/test_lessons.py::test_jax_returns_before_it_is_done", "tests/test_lessons.py"),
        ("tests/test_bad_input.py::test_settings[batch_size-0-ValueError]", "tests/test_bad_input.py"),
        ("tests/harness/test_numerics.py::test_a_change[numpy]", "tests/harness/test_numerics.py"),
    ],
)
def test_tests_that_share_a_worker_or_a_file_share_a_process(nodeid, expected):
    assert group(nodeid) == expected
