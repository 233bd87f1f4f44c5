"""Checks of the input of every implementation: what was expected, and what came."""

from collections.abc import Collection, Mapping

import numpy as np

from impls.contract import DATASET, Network, check_whole_number


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
    if images.ndim != 3 or images.shape[1:] != DATASET.image_shape:
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


def check_names(names: Collection[str], network: Network) -> None:
    """Raise `ValueError` unless `names` are those of the parameters of `network`."""
    if set(names) != set(network.shapes):
        got = [name[:80] for name in sorted(names)[: 2 * len(network.shapes)]]
        raise ValueError(f"parameters must be named {sorted(network.shapes)}, got {got}")


def check_forms(forms: Mapping[str, tuple[tuple[int, ...], np.dtype]], network: Network) -> None:
    """Raise `ValueError` unless `forms`, (shape, dtype) by name, are those of the parameters of `network`, floats."""
    check_names(forms, network)
    for name, expected in network.shapes.items():
        shape, dtype = forms[name]
        if shape != expected or dtype.kind != "f":
            raise ValueError(f"{name} must be a float array of shape {expected}, got {dtype} of shape {shape}")


def check_parameters(parameters: Mapping[str, np.ndarray], network: Network, dtype: str) -> list[np.ndarray]:
    """Return copies of `parameters` as `dtype`, in the order of `network`. Raise `ValueError` if they do not fit it.

    They fit if they have its names and shapes, are floats of any width and byte order, and finite as `dtype`.
    """
    arrays = {name: np.asarray(array) for name, array in parameters.items()}
    check_forms({name: (array.shape, array.dtype) for name, array in arrays.items()}, network)
    with np.errstate(over="ignore"):  # a number that is too large becomes infinite
        converted = [np.array(arrays[name], dtype) for name in network.shapes]
    for name, array in zip(network.shapes, converted, strict=True):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite as {dtype}, got NaN or infinity")
    return converted


def check_epochs(epochs: int) -> int:
    """Return `epochs` if it is an integer of at least 1; otherwise raise `TypeError` or `ValueError`."""
    return check_whole_number("epochs", epochs, 1, 100_000)
