"""The memory of a training step, by arithmetic."""

from impls.contract import DATASET, Network

FLOAT32, INT64 = 4, 8  # bytes
BATCH_SIZE = 128


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
