"""The rows of the table of defaults, and the words for what is observed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

NONE = "-"  # the framework has no such default, or its effect was not measured
SAME = 0.02  # distance of an observed value from the one that has its words


class Row(NamedTuple):
    """A default.

    - `porting`: what to do about it.
    - `words`: how a value is worded: (value, words) of the nearest value, a function, or as it is.
    - `effect`: measured, of PyTorch's default compared with that of Keras, or of JAX; the page has the sources.
    - `otherwise`: link to a document that states another default, and the date on which it was read.
    """

    porting: str
    words: tuple[tuple[Any, str], ...] | Callable[[Any], str] = str
    effect: str = NONE
    otherwise: str = ""


def number(value: float) -> str:
    """Return a number without float32's digits beyond the sixth."""
    return f"{value:g}"


def dtype_of(error: float) -> str:
    """Return the dtype in which a result with this error was computed."""
    return "float64" if error < 1e-12 else "float32, at least in part"


def tail(draws: np.ndarray) -> str:
    """Return whether a normal distribution is truncated: of 1,000 draws, one is beyond 3.3 standard deviations."""
    return "truncated at 2 deviations" if np.quantile(np.abs(draws), 0.999) < 2.4 * draws.std() else "not truncated"


DISTRIBUTIONS = (  # largest draw times sqrt(inputs), where inputs : outputs = 3 : 5
    (1.0, "uniform, ±1 / sqrt(inputs)"),
    (1.5, "uniform, ±sqrt(6 / (inputs + outputs))"),
    (0.0, "0"),
)
FLAX = "https://github.com/google/flax/blob/774a32faf8985a50a14df6a04607e59c7e82e39a/docs_nnx/migrating"
FIT = "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/trainers/trainer.py"
TRANSPOSED = "none, once transposed"
BIASED = ((1.0, "biased, n"), (2.0, "unbiased, n - 1"))
YES = ((1.0, "yes"), (0.0, "no"))
ROWS = {
    "axes of images in a convolution": Row(
        "transpose images; permute the dense kernel after flattening",
        (((1, 50, 6, 7), "batch, channel, row, column"), ((1, 6, 7, 50), "batch, row, column, channel")),
        effect=TRANSPOSED,
    ),
    "axes of a convolution kernel": Row(
        "transpose",
        (((50, 30, 3, 3), "outputs, inputs, row, column"), ((3, 3, 30, 50), "row, column, inputs, outputs")),
        effect=TRANSPOSED,
    ),
    "axes of a dense kernel": Row(
        "transpose", (((500, 300), "outputs, inputs"), ((300, 500), "inputs, outputs")), effect=TRANSPOSED
    ),
    "dense kernel, initial": Row(
        "copy the initial parameters", DISTRIBUTIONS, effect="0.83; 0.65 points after an epoch (a)"
    ),
    "convolution kernel, initial": Row("copy the initial parameters", DISTRIBUTIONS, effect="0.31"),
    "dense bias, initial": Row("copy the initial parameters", DISTRIBUTIONS, effect="8.4e-2"),
    "He normal": Row("copy the initial parameters", tail, effect="8.1e-2"),
    'padding "same" with stride 2 adds a zero': Row(
        "pad explicitly", (((6, 7), "after"), ((3, 9), "before")), effect="0.74, if PyTorch pads by 1"
    ),
    "BatchNorm: part of the new statistics": Row(
        "PyTorch's 0.1 is Keras' 0.9",
        number,
        effect="0.54, test loss",
        otherwise=f"[0.1 in Flax]({FLAX}/pytorch_to_jax_flax.rst), 2026-11-30",
    ),
    "BatchNorm: epsilon": Row("set it", number, effect="4.0e-3"),
    "BatchNorm: running variance": Row(
        "multiply by (n - 1) / n",
        BIASED,
        effect="2.1e-4, test loss",
        otherwise="[biased in PyTorch](https://github.com/pytorch/pytorch/issues/77427), 2022-05-13",
    ),
    "LayerNorm: epsilon": Row("set it", number, effect="2.1e-3"),
    "GELU": Row("state it", ((0.841345, "exact, erf"), (0.841192, "tanh")), effect="2.5e-4"),
    "attention in float64 computes in": Row("write it out", dtype_of, effect="8e-9 within 20 steps (b)"),
    "dropout of a plain call": Row(
        "state the mode", ((0.5, "active"), (0.0, "inactive")), effect="2.0, with a rate of a half"
    ),
    "standard deviation": Row(
        "state the divisor", ((1.0, "divides by n"), (2**0.5, "divides by n - 1")), effect="5.2e-9, of all pixels"
    ),
    "cross-entropy takes": Row(
        "return logits, and state it", ((40.0, "logits"), (16.118, "probabilities")), effect="8.5, if it is wrong"
    ),
    "cross-entropy of a batch": Row(
        "take the mean",
        ((20.0, "mean"), (40.0, "sum"), ((40.0, 0.0), "one number for each image")),
        effect="5.3e-2, of the sum",
    ),
    "probabilities are clipped at": Row("return logits", number, effect="none within 100 steps"),
    "Adam: learning rate": Row("set it", number, effect="none"),
    "Adam: betas": Row("nothing", effect="none"),
    "Adam: epsilon": Row("set it", number, effect="2.9e-2"),
    "Adam: epsilon is added": Row(
        "set it in each step", ((0.5, "after the bias correction"), (0.0307, "before it")), effect="6.2e-2"
    ),
    "Adam: betas in float64": Row("take betas exact in float32", dtype_of, effect="2.1e-2 (b)"),
    "Adam: weight_decay": Row(
        "use AdamW", ((1.0, "L2, in the gradient"), (0.1, "decoupled")), effect="0.54, with 0.01"
    ),
    "AdamW: weight decay": Row(
        "set it",
        number,
        effect="2.0e-2; optax 2.9e-2",
        otherwise=f"[a pair of unequal ones]({FLAX}/pytorch_to_jax_flax.rst), 2026-11-30",
    ),
    "RMSprop: decay": Row("set it", number, effect="1.8"),
    "SGD: learning rate": Row("set it", number, effect="0.75"),
    "a second gradient": Row(
        "reset PyTorch's gradients in each step",
        ((2.0, "is added to the first"), (1.0, "is new")),
        effect="28",
    ),
    "last partial batch": Row(
        "weight the mean loss by images", ((3, "kept"), (2, "dropped")), effect="not visible (a)"
    ),
    "data are shuffled": Row("state it", YES, effect="0.65 points after an epoch (a)"),
    "orders of 4 epochs, if seeded": Row(
        "draw the order in each epoch",
        effect="none in the first epoch",
        otherwise=f"[before each epoch]({FIT}), 2026-11-30",
    ),
    "a float64 array becomes": Row("enable float64 in JAX, for the process", effect="4.2e-5"),
    "a Python float becomes": Row("nothing", effect="none"),
    "a step is compiled": Row("state it before a comparison of times", YES, effect="rounding, up to 1e-14"),
}


def worded(row: str, observed: Any) -> str:
    """Return the words for an observed value; text stays as it is."""
    words = ROWS[row].words
    if isinstance(observed, str) or words is str:
        return str(observed)
    if callable(words):
        return words(observed)
    observed = np.asarray(observed, float)
    alike = [(np.abs(observed - value).max(), text) for value, text in words if np.shape(value) == observed.shape]
    distance, text = min(alike, default=(np.inf, ""))
    return text if distance < SAME else f"other, {observed.tolist()}"
