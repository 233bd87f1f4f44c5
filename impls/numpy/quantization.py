"""Quantization in NumPy: calibration, training with gradients derived by hand, and a reference in integers.

The reference computes with integers as a device does. The training is that of impls/numpy/mnist.py.
"""

from functools import partial

import numpy as np

from impls.numpy import adapter
from impls.numpy.mnist import convolve, corners, gradients, max_pool_gradient, patches
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales, bfloat16, kernel_scales, rounded, scaled


def calibrate(network, parameters, images, largest=127):
    """Return the scales of a float network, from its parameters and from its activations for these training images.

    `parameters` are as in `NETWORKS[network]`, `images` uint8 (n, 28, 28); `largest` is as in `Scales`. Raises
    `ValueError` if the inputs of a layer are 0 for all images.
    """
    most = {}
    for part in np.array_split(images, len(images) // 250 + 1):  # in parts: the CNN needs a megabyte for each image
        pixels = part.reshape(len(part), -1) / np.float32(PIXELS)  # (n, 28, 28) -> (n, 784)
        for name, array in layer_inputs(parameters, pixels):
            most[name] = max(abs(array).max(), most.get(name, 0))
    dead = [name for name, value in most.items() if not value > 0]
    if dead:
        raise ValueError(f"{network} cannot be quantized: {dead[0]} has nothing but 0 of these {len(images)} images")
    first, *others = [name for name in most if name != "logits"]
    return Scales(
        network,
        {layer: kernel_scales(parameters[f"{layer}/kernel"], largest) for layer in (first, *others)},
        {first: np.float32(1 / PIXELS), **{layer: bfloat16(most[layer] / ACTIVATIONS) for layer in others}},
        bfloat16(most["logits"] / LOGITS[1]),
        largest,
    )


def layer_inputs(params, x):
    """Yield (layer, its inputs) for each layer of the float network, and ("logits", logits (n, 10)) at the end."""
    layers = [name.removesuffix("/kernel") for name in params if name.endswith("/kernel")]
    for layer in layers:
        kernel, bias = params[f"{layer}/kernel"], params[f"{layer}/bias"]
        if kernel.ndim > 2:
            x = x.reshape(-1, 28, 28, 1) if x.ndim == 2 else x  # (n, 784) -> (n, 28, 28, 1)
            yield layer, x
            x = np.max(corners(convolve(x, kernel) + bias), axis=0)  # (n, h, w, c) -> (n, h / 2, w / 2, outputs)
        else:
            x = x.reshape(len(x), -1)  # of the last convolution, (n, 7, 7, 64) -> (n, 3136)
            yield layer, x
            x = x @ kernel + bias  # (n, inputs) -> (n, outputs)
        x = x if layer == layers[-1] else np.maximum(x, 0)
    yield "logits", x


# Each network takes integer parameters. It returns the inputs of each layer and the logits, all integers, and
# `backward`: dL/dz of these logits -> gradients by name, as in mnist.py. Rounding passes a gradient on unchanged: the
# straight-through estimator (Bengio et al., arXiv:1308.3432). The gradient of a clipped number is 0.


def mlp(scales, params, x):
    """Run the MLP 784 -> 512 -> 256 -> 10 on integers."""
    f1, f2, f3 = (factors.output for factors in scales.factors.values())
    q0 = np.rint(x * PIXELS)
    h1 = np.maximum((q0 @ params["dense_1/kernel"] + params["dense_1/bias"]) * f1, 0)  # (n, 784) -> (n, 512)
    q1 = np.rint(np.minimum(h1, ACTIVATIONS))
    h2 = np.maximum((q1 @ params["dense_2/kernel"] + params["dense_2/bias"]) * f2, 0)  # (n, 512) -> (n, 256)
    q2 = np.rint(np.minimum(h2, ACTIVATIONS))
    z = (q2 @ params["dense_3/kernel"] + params["dense_3/bias"]) * f3  # (n, 256) -> (n, 10)

    def backward(dz):
        da3 = dz * is_inside(z, *LOGITS) * f3
        da2 = da3 @ params["dense_3/kernel"].T * is_inside(h2) * f2  # (n, 10) -> (n, 256)
        da1 = da2 @ params["dense_2/kernel"].T * is_inside(h1) * f1  # (n, 256) -> (n, 512)
        return gradients(params, dense_1=(q0, da1), dense_2=(q1, da2), dense_3=(q2, da3))

    return [q0, q1, q2, np.rint(np.clip(z, *LOGITS))], backward


def cnn(scales, params, x):
    """Run the CNN on integers: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers."""
    f1, f2, f3, f4 = (factors.output for factors in scales.factors.values())
    q0 = np.rint(x * PIXELS).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    h1 = np.maximum((convolve(q0, params["conv_1/kernel"]) + params["conv_1/bias"]) * f1, 0)  # -> (n, 28, 28, 32)
    m1 = np.max(corners(h1), axis=0)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    q1 = np.rint(np.minimum(m1, ACTIVATIONS))
    h2 = np.maximum((convolve(q1, params["conv_2/kernel"]) + params["conv_2/bias"]) * f2, 0)  # -> (n, 14, 14, 64)
    m2 = np.max(corners(h2), axis=0)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    q2 = np.rint(np.minimum(m2, ACTIVATIONS)).reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    h3 = np.maximum((q2 @ params["dense_1/kernel"] + params["dense_1/bias"]) * f3, 0)  # (n, 3136) -> (n, 128)
    q3 = np.rint(np.minimum(h3, ACTIVATIONS))
    z = (q3 @ params["dense_2/kernel"] + params["dense_2/bias"]) * f4  # (n, 128) -> (n, 10)

    def backward(dz):
        da4 = dz * is_inside(z, *LOGITS) * f4
        da3 = da4 @ params["dense_2/kernel"].T * is_inside(h3) * f3  # (n, 10) -> (n, 128)
        dm2 = (da3 @ params["dense_1/kernel"].T).reshape(m2.shape) * is_inside(m2)  # (n, 128) -> (n, 7, 7, 64)
        da2 = max_pool_gradient(dm2, h2, m2) * f2  # (n, 7, 7, 64) -> (n, 14, 14, 64)
        rotated = params["conv_2/kernel"][::-1, ::-1].swapaxes(2, 3)  # (3, 3, 32, 64) -> (3, 3, 64, 32)
        dm1 = convolve(da2, rotated) * is_inside(m1)  # (n, 14, 14, 64) -> (n, 14, 14, 32)
        da1 = max_pool_gradient(dm1, h1, m1) * f1  # (n, 14, 14, 32) -> (n, 28, 28, 32)
        convs = {"conv_1": (patches(q0), da1), "conv_2": (patches(q1), da2)}
        return gradients(params, **convs, dense_1=(q2, da3), dense_2=(q3, da4))

    return [q0, q1, q2, q3, np.rint(np.clip(z, *LOGITS))], backward


INTEGER_MODELS = {"mlp": mlp, "cnn": cnn}


def is_inside(number, low=0, high=ACTIVATIONS):
    """Return a mask of the numbers that were not clipped. The gradient of the ReLU at 0 is 0."""
    return (number > low) & (number <= high)


def quantized(scales, params, x):
    """Return the logits (n, 10) of the integers of `params`, and `backward`, as a model of mnist.py does."""
    (*_, logits), backward = INTEGER_MODELS[scales.network](scales, rounded(params, scales), x)

    def straight_through(dz):
        grads = backward(dz * scales.logits)
        for name, array in scaled(params, scales).items():
            if name.endswith("kernel"):
                grads[name] *= abs(array) <= scales.largest
        return scaled(grads, scales)

    return logits * scales.logits, straight_through


def integer_activations(parameters, scales, images):
    """Return the inputs of each layer and the logits, computed in integers as a device does: the reference.

    `parameters` are as `integers` returns them, `images` uint8 (n, 28, 28). The arrays are (n, numbers), channels last,
    uint8 but for the logits, which are int8.
    """
    x, outputs = images[..., None], [images.reshape(len(images), -1)]  # (n, 28, 28) -> (n, 28, 28, 1), (n, 784)
    for layer, factors in scales.factors.items():
        kernel, bias = parameters[f"{layer}/kernel"], parameters[f"{layer}/bias"]
        convolutional = kernel.ndim > 2
        sums = int32_sums(x if convolutional else outputs[-1], kernel, bias)
        low, high = LOGITS if layer == scales.layers[-1] else (0, ACTIVATIONS)
        # One float32 product, rounded half to even, is the only arithmetic on real numbers.
        x = np.clip(np.rint(sums.astype(np.float32) * factors.output), low, high).astype(np.int8 if low else np.uint8)
        x = np.max(corners(x), axis=0) if convolutional else x  # (n, h, w, c) -> (n, h / 2, w / 2, c)
        outputs.append(x.reshape(len(x), -1))
    return outputs


def int32_sums(x, kernel, bias):
    """Return x W + b, int32. BLAS has no products of integers; float64 is exact, as sums stay far below 2^53."""
    product = convolve if kernel.ndim > 2 else np.matmul
    return product(x.astype(np.float64), kernel.astype(np.float64)).astype(np.int32) + bias


def integer_logits(parameters, scales, images):
    """Return the logits of `integer_activations`, int8 (n, 10)."""
    parts = np.array_split(images, len(images) // 500 + 1)  # in parts: the CNN needs 0.5 MB for each image
    return np.concatenate([integer_activations(parameters, scales, part)[-1] for part in parts])


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: partial(quantized, scales)})

    def whole_numbers(self):
        """Return the integer parameters by name, int32."""
        return {name: array.astype(np.int32) for name, array in rounded(self.params, self.scales).items()}

    def activations(self, images):
        """Return the inputs of each layer and the logits, a list of int32 (n, numbers), channels last."""
        model, parameters = INTEGER_MODELS[self.scales.network], rounded(self.params, self.scales)
        outputs, _ = model(self.scales, parameters, self.inputs(images))
        return [array.reshape(len(images), -1).astype(np.int32) for array in outputs]
