"""By how much does a default change a training? `python -m studies.default_effects`.

NumPy trains twice in float64, from equal parameters and batches. The result is the relative difference of the loss, and
of the loss of 1,000 test images after the last step. Each of two sides is one of studies/alternatives.py.
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

import impls
from harness.data.lazy import Parts
from harness.equality.distance import distance
from harness.equality.limits import STEPS
from harness.equality.parameters import random_parameters
from harness.equality.trace import Trace, losses_apart, trace
from impls.contract import NETWORKS, Settings
from impls.numpy import mnist, resnet, vit
from studies import alternatives as other
from studies.shared import dataset, print_table

TESTED = 1000  # images
EVALUATION = "test loss"


class Side(NamedTuple):
    """One of two trainings.

    - `settings`, `optimizer`, `initial`, `values` of `module`: in place of those of impls/numpy.
    - `attributes`: of the adapter, as `loss_fn`.
    - `finish`: called with the adapter after the last step.
    """

    settings: dict | None = None
    optimizer: Callable | None = None
    initial: Callable = partial(random_parameters, seed=1)
    module: object = mnist
    values: dict | None = None
    attributes: dict | None = None
    finish: Callable | None = None


def brighter(images):
    """Return pixels in units of 1 deviation with n - 1 in place of n, of all pixels of the training images."""
    pixels = 60_000 * 784
    return mnist.preprocess(images, np.float64) * ((pixels - 1) / pixels) ** 0.5


def unbiased(adapter):
    """Replace running variances by those that divide by n - 1."""
    for name, variance in adapter.get_state().items():
        if name.endswith("/variance"):
            pixels = {"stem": 784, "block_1": 196, "block_2": 49}[name.partition("/")[0]]
            n = adapter.settings.batch_size * pixels
            first = (1 - resnet.MOMENTUM) ** STEPS  # the part of the initial variance, 1
            adapter.params[name] = first + (variance - first) * n / (n - 1)


ADAMW = partial(dict, optimizer="adamw")
KERNEL = Side(initial=partial(other.drawn, kernel=other.torch_uniform))
GLOROT = Side(initial=partial(other.drawn, kernel=other.glorot_uniform))
CONV = partial(other.drawn, chosen="conv")
SMALL = {"batch_size": 32}  # of networks whose steps take long
BIASED = Side(initial=partial(other.drawn, kernel=other.he_normal, bias=other.torch_uniform))
HE, TRUNCATED = (Side(initial=partial(other.drawn, kernel=each)) for each in (other.he_normal, other.he_truncated))
BEFORE, AFTER = (Side(SMALL, values={"corners": lambda h, i=i: (h[:, i::2, i::2],)}) for i in (0, 1))


def norm(module, settings=None, **values) -> Side:
    """Return a side with values of a module of impls/numpy."""
    return Side(settings, module=module, values={name.upper(): value for name, value in values.items()})


NEW = norm(resnet, SMALL, momentum=0.1)
EFFECTS = (  # default, network, the two sides
    ("dense kernel, initial: PyTorch's, Keras'", "mlp", KERNEL, GLOROT),
    (
        "convolution kernel, initial: the same",
        "cnn",
        Side(SMALL, initial=partial(CONV, kernel=other.torch_uniform)),
        Side(SMALL, initial=partial(CONV, kernel=other.glorot_uniform)),
    ),
    ("dense bias, initial: PyTorch's, 0", "mlp", BIASED, HE),
    ("He normal: not truncated, truncated", "mlp", HE, TRUNCATED),
    ('padding "same", stride 2: before, after', "cnn", BEFORE, AFTER),
    ("BatchNorm: new part, 0.1 and 0.01", "resnet", NEW, norm(resnet, SMALL, momentum=0.01)),
    ("BatchNorm: epsilon, 1e-5 and 1e-3", "resnet", norm(resnet, epsilon=1e-5), norm(resnet, epsilon=1e-3)),
    ("BatchNorm: running variance, n - 1 and n", "resnet", NEW._replace(finish=unbiased), NEW),
    ("LayerNorm: epsilon, 1e-5 and 1e-3", "vit", norm(vit, epsilon=1e-5), norm(vit, epsilon=1e-3)),
    ("GELU: erf, tanh", "vit", Side(), Side(module=vit, values={"gelu": other.gelu_by_tanh})),
    ("dropout of a half: active, inactive", "mlp", Side(attributes={"trained": other.mlp_with_dropout}), Side()),
    ("standard deviation: n - 1, n", "mlp", Side(attributes={"inputs": brighter}), Side()),
    (
        "cross-entropy of probabilities, logits",
        "mlp",
        Side(attributes={"loss_fn": other.softmax_before_the_loss}),
        Side(),
    ),
    ("cross-entropy: sum, mean", "mlp", Side(attributes={"loss_fn": other.summed_gradient}), Side()),
    ("probabilities clipped at 1e-7, not", "mlp", Side(attributes={"loss_fn": other.clipped}), Side()),
    ("Adam: epsilon, 1e-8 and 1e-7", "mlp", Side({"epsilon": 1e-8}), Side({"epsilon": 1e-7})),
    ("Adam: epsilon is added after, before", "mlp", Side(optimizer=other.EpsilonAfterCorrection), Side()),
    (
        "Adam: weight_decay 0.01, L2, decoupled",
        "mlp",
        Side(optimizer=other.WeightDecayInGradient),
        Side(ADAMW(weight_decay=0.01)),
    ),
    ("AdamW: weight decay, 0.01 and 0.004", "mlp", Side(ADAMW(weight_decay=0.01)), Side(ADAMW(weight_decay=0.004))),
    ("AdamW: weight decay, 0.01 and 0.0001", "mlp", Side(ADAMW(weight_decay=0.01)), Side(ADAMW(weight_decay=1e-4))),
    ("RMSprop: decay, 0.99 and 0.9", "mlp", *(Side(optimizer=partial(other.RMSprop, decay=d)) for d in (0.99, 0.9))),
    ("SGD: rate, 0.001 and 0.01", "mlp", *(Side(optimizer=partial(other.SGD, learning_rate=r)) for r in (1e-3, 1e-2))),
    ("a second gradient: added, new", "mlp", Side(optimizer=other.AccumulatedGradients), Side()),
    ("a float64 array: float64, float32", "mlp", Side(), Side({"dtype": "float32"})),
)


def train(network: str, side: Side, data: Parts) -> tuple[Trace, float]:
    """Return the trace of a training in float64, and the loss of test images after it."""
    settings = Settings(network, **{"dtype": "float64", **(side.settings or {})})
    with ExitStack() as stack:
        for name, value in (side.values or {}).items():
            stack.enter_context(patch.object(side.module, name, value))
        adapter = impls.load("numpy", settings)
        vars(adapter).update(side.attributes or {})
        if side.optimizer:
            adapter.optimizer = side.optimizer(adapter.params)
        images, labels = (each.array() for each in data.train.first(STEPS * settings.batch_size))
        traced = trace(adapter, images, labels, side.initial(NETWORKS[network].shapes), STEPS)
        if side.finish:
            side.finish(adapter)
        logits = adapter.logits(data.test.images.first(TESTED).array())
        return traced, mnist.cross_entropy(logits, data.test.labels.first(TESTED).array())[0]


def main() -> None:
    """Print a row for each default."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    data, rows = dataset(), []
    for default, network, *sides in EFFECTS:
        (traced, tested), (other_traced, other_tested) = (train(network, side, data) for side in sides)
        apart = losses_apart(traced, other_traced)
        after = distance(tested, other_tested, EVALUATION)
        rows.append((default, network, *(f"{error:.1e}" for error, _ in (apart[1], apart[9], max(apart), after))))
    title = f"Relative difference of the loss within {STEPS} steps, in float64"
    print_table(title, ("default", "network", "step 2", "step 10", "largest", EVALUATION), rows)


if __name__ == "__main__":
    main()
