"""The roofline: the least time of a training step on this machine, by its arithmetic and memory traffic."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from harness.measuring.workload import Operation
from harness.workers import processors
from impls.contract import DATASET, NETWORKS, Network, Settings

NAME = "the roofline"  # in place of a variant; a folder of impls/ has no space in its name

AVX512 = {"avx512f", "avx512bw", "avx512dq", "avx512vl"}  # needed by OpenBLAS's kernels for SkylakeX
SIZE = 1024  # of square matrices: large enough to reach the rate of the machine, small enough to stay in its cache
CYCLES = 10  # of copies among the four arrays of `stream`: enough that starting the threads does not count
FLOAT32, INT64 = 4, 8  # bytes
BATCH_SIZE = 128  # of `step_bytes`
OPERATIONS = (  # which do not use their images
    Operation("multiply", SIZE, rounds=10, prepared=False),
    Operation("stream", 1, rounds=10, prepared=False),
)


def environment(cpu: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Return variables to set before NumPy is imported: its OpenBLAS takes AVX2 on processors that it does not know."""
    flags = cpu.read_text(encoding="utf-8").split()
    return {"OPENBLAS_CORETYPE": "SkylakeX"} if AVX512.issubset(flags) else {}


def name_for(network: str) -> str:
    """Return the name of this network's roofline in a campaign."""
    return f"{NAME} of {network}"


class Machine:
    """A matrix product in float32, and copies of arrays of the size of the parameters, on all threads."""

    jit_compile = False

    def __init__(self, settings: Settings):
        self.settings = settings
        generator = np.random.default_rng(settings.seed)
        self.a, self.b = generator.normal(size=(2, SIZE, SIZE)).astype(np.float32)
        self.product = np.empty_like(self.a)
        threads = settings.threads or processors.count()
        self.pool = ThreadPoolExecutor(threads)
        # Parameters, gradients, m and v, of which Adam reads four and writes three.
        arrays = np.ones((4, NETWORKS[settings.network].parameter_count), np.float32)
        self.parts = np.array_split(arrays, threads, axis=1)

    def versions(self) -> dict[str, str]:
        """Return the version of NumPy, by its name."""
        return {"numpy": np.__version__}

    def multiply(self, _) -> None:
        """Multiply two matrices of `SIZE` by `SIZE`, float32. The argument is not used."""
        np.matmul(self.a, self.b, out=self.product)

    def stream(self, _) -> None:
        """Copy each of the four arrays to the next, `CYCLES` times: 8 memory passes over the parameters a cycle."""
        list(self.pool.map(_copy_around, self.parts))


def _copy_around(part: np.ndarray) -> None:
    for target in range(4 * CYCLES):
        np.copyto(part[target % 4], part[(target - 1) % 4])


def train_step_seconds(network: Network, batch_size: int, multiply_seconds: float, stream_seconds: float) -> float:
    """Return the least time of one training step whose parts do not overlap, by the times of `multiply` and `stream`.

    Arithmetic: `Network.operations` for each image. Memory: Adam reads parameters, gradients, m and v, and writes all
    but the gradients: 7 passes, where a cycle of `stream` makes 8.
    """
    return multiply_seconds * batch_size * network.operations / (2 * SIZE**3) + stream_seconds * 7 / (8 * CYCLES)


def step_bytes(network: Network) -> dict[str, int]:
    """Return the bytes of the arrays of a training step of Adam in float32, on a batch of `BATCH_SIZE`.

    Activations are the output of each layer's kernel, which the gradients need: one array a layer, as a ReLU can take
    the place of its input.
    """
    outputs = sum(
        shape[-1] * network.positions.get(name, 1) for name, shape in network.shapes.items() if name.endswith("kernel")
    )
    parameters = FLOAT32 * network.parameter_count
    return {
        "parameters": parameters,
        "gradients": parameters,
        "Adam's m and v": 2 * parameters,
        "activations": BATCH_SIZE * outputs * FLOAT32,
        "the batch": BATCH_SIZE * (DATASET.pixels * FLOAT32 + INT64),
    }
