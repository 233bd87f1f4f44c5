"""Checks of the input of every implementation: what was expected, and what came."""

from collections.abc import Collection, Mapping
from typing import TypeVar

import numpy as np

from impls.contract import DATASET, Network, check_whole_number

T = TypeVar("T")
Shapes = Mapping[str, tuple[int, ...]]  # by name
MOST_INTEGERS = 10_000  # of the state from which a framework draws the order of images; PyTorch's has 5,056


def check_device(device: str, framework: str, sees_gpu: bool) -> None:
    """Raise `ValueError` if the framework cannot compute on `device`."""
    if device == "cuda" and not sees_gpu:
        raise ValueError(f"Settings.device is 'cuda', but {framework} sees no GPU here: is its CUDA build installed?")


def check_images(images: np.ndarray) -> np.ndarray:
    """Return `images` if they are uint8, n >= 1 of `DATASET`; otherwise raise `TypeError` or `ValueError`."""
    shape = f"(n, {', '.join(map(str, DATASET.image_shape))})"
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a NumPy array, uint8 {shape}, got {type(images).__name__}")
    if images.dtype != np.uint8:
        nan = " with NaN in it" if images.dtype.kind == "f" and np.isnan(images).any() else ""
        raise TypeError(f"images must be uint8 in 0..255 (preprocessing scales them), got {images.dtype}{nan}")
    if images.shape[1:] != DATASET.image_shape:
        raise ValueError(f"images must have shape {shape}, got {images.shape}")
    if len(images) == 0:
        raise ValueError(f"images must hold at least one image, got an empty batch of shape {images.shape}")
    return images


def check_labels(labels: np.ndarray, count: int) -> np.ndarray:
    """Return `labels` if they are `count` integers of a class; otherwise raise `TypeError` or `ValueError`."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        got = labels.dtype if isinstance(labels, np.ndarray) else type(labels).__name__
        raise TypeError(f"labels must be a NumPy array of integers, got {got}")
    if labels.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), one for each image, got {labels.shape}")
    outside = (labels < 0) | (labels >= DATASET.classes)
    if outside.any():
        at = int(outside.argmax())
        raise ValueError(f"labels must be in 0..{DATASET.classes - 1}, got {labels[at]} at index {at}")
    return labels


def check_names(names: Collection[str], shapes: Shapes) -> None:
    """Raise `ValueError` unless `names` are those of `shapes`."""
    if set(names) != set(shapes):
        got = [name[:80] for name in sorted(names)[: 2 * len(shapes)]]
        raise ValueError(f"parameters must be named {sorted(shapes)}, got {got}")


def check_forms(forms: Mapping[str, tuple[tuple[int, ...], np.dtype]], shapes: Shapes) -> None:
    """Raise `ValueError` unless `forms`, (shape, dtype) by name, are floats of these names and shapes."""
    check_names(forms, shapes)
    for name, expected in shapes.items():
        shape, dtype = forms[name]
        if shape != expected or dtype.kind != "f":
            raise ValueError(f"{name} must be a float array of shape {expected}, got {dtype} of shape {shape}")


def check_parameters(parameters: Mapping[str, np.ndarray], shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Return copies of `parameters` as `dtype`, in the order of `shapes`. Raise `ValueError` if they do not fit.

    They fit if they have these names and shapes, are floats of any width and byte order, and finite as `dtype`.
    """
    arrays = {name: np.asarray(array) for name, array in parameters.items()}
    check_forms({name: (array.shape, array.dtype) for name, array in arrays.items()}, shapes)
    with np.errstate(over="ignore"):  # a number that is too large becomes infinite
        converted = [np.array(arrays[name], dtype) for name in shapes]
    for name, array in zip(shapes, converted, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite as {dtype}, got NaN or infinity")
    return converted


def check_checkpoint(
    checkpoint: Mapping[str, np.ndarray], network: Network, dtype: str
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray], list[np.ndarray], int]:
    """Return copies of the parameters, of m, of v and of the state, in the order of `network`, and the number of steps.

    Raises `ValueError` if an array is missing, of another shape or dtype, or not finite. The order of the images,
    "shuffling/PACKAGES", is that of one framework, and is not checked.
    """
    arrays = {name: np.asarray(array) for name, array in checkpoint.items()}
    check_checkpoint_forms({name: (array.shape, array.dtype) for name, array in arrays.items()}, network)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and array.dtype != dtype:
            raise ValueError(f"a training in {dtype} cannot go on from {name} in {array.dtype}")
    if arrays["steps"] < 0:
        raise ValueError(f"steps must be at least 0, got {arrays['steps']}")
    groups = checkpoint_groups(arrays, network)
    parameters, m, v, state = (check_parameters(group, shapes, dtype) for group, shapes in groups)
    return parameters, m, v, state, int(arrays["steps"])


def checkpoint_groups(entries: Mapping[str, T], network: Network) -> list[tuple[dict[str, T], Shapes]]:
    """Return the entries of the parameters, of m, of v and of the state, and the shapes that each group must have."""
    groups = {"": {}, "m": {}, "v": {}, "state": {}}
    for name, entry in entries.items():
        kind, _, rest = name.partition("/")
        if kind in ("m", "v", "state"):
            groups[kind][rest] = entry
        elif kind not in ("steps", "shuffling"):
            groups[""][name] = entry
    return [(group, network.state if kind == "state" else network.shapes) for kind, group in groups.items()]


def check_checkpoint_forms(forms: Mapping[str, tuple[tuple[int, ...], np.dtype]], network: Network) -> None:
    """Raise `ValueError` unless `forms`, (shape, dtype) by name, are those of a checkpoint of `network`."""
    missing = [name for name in network.state if f"state/{name}" not in forms]
    if missing:
        raise ValueError(f"state/{missing[0]} is missing: parameters alone do not tell what this network computes")
    for group, shapes in checkpoint_groups(forms, network):
        check_forms(group, shapes)
    integers = {name: form for name, form in forms.items() if name.partition("/")[0] in ("steps", "shuffling")}
    for name, (shape, dtype) in integers.items():
        if dtype.kind not in "iu" or len(shape) != (name != "steps") or np.prod(shape) > MOST_INTEGERS:
            expected = "one integer" if name == "steps" else f"an array of at most {MOST_INTEGERS:,} integers"
            raise ValueError(f"{name[:80]} must be {expected}, got {dtype} of shape {shape}")
    if "steps" not in forms:
        raise ValueError("steps, the number of steps taken, is missing")


def check_epochs(epochs: int) -> int:
    """Return `epochs` if it is an integer of at least 1; otherwise raise `TypeError` or `ValueError`."""
    return check_whole_number("epochs", epochs, 1, 100_000)
