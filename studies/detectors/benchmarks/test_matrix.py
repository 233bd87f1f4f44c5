"""The benchmark of benchmatrix."""

from benchmatrix import BenchmarkCase, make_benchmark_test

from studies.detectors.step import step

test_matrix = make_benchmark_test({"step": step()}, [BenchmarkCase.from_values("mlp")], metrics=["single_call_latency"])
