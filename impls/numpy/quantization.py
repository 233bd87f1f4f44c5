"""NumPy, quantized: the scales, the training by hand, and the referee, who computes in integers as a device does."""

from functools import partial

import numpy as np

from impls.numpy import adapter
from impls.numpy.mnist import convolve, corners, gradients, max_pool_gradient, patches
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales, bfloat16, kernel_scales, rounded, scaled


def calibrate(network, parameters, images, largest=127):
    """The scales of a float network, from its parameters and from what it computes of these training images.

    `parameters` are as in `NETWORKS[network]`, `images` uint8 (n, 28, 28); `largest` is as in `Scales`.
    """
    most = {}
    for part in np.array_split(images, len(images) // 250 + 1):  # a convolution takes a megabyte for each image
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
    """Yield (layer, its inputs) in the float network of these parameters, and at last ("logits", logits (n, 10))."""
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


# A quantized network returns what each layer gets, and the logits, all whole numbers; and a function that follows dL/dz
# back from these logits to each layer's sums, as those of impls/numpy.py do. Rounding passes a gradient on as it is
# ("straight through", arXiv:1308.3432); what was cut off has none.


def mlp(scales, p, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer."""
    m1, m2, m3 = (factors.output for factors in scales.factors.values())
    q0 = np.rint(x * PIXELS)
    h1 = np.maximum((q0 @ p["dense_1/kernel"] + p["dense_1/bias"]) * m1, 0)  # (n, 784) -> (n, 512)
    q1 = np.rint(np.minimum(h1, ACTIVATIONS))
    h2 = np.maximum((q1 @ p["dense_2/kernel"] + p["dense_2/bias"]) * m2, 0)  # (n, 512) -> (n, 256)
    q2 = np.rint(np.minimum(h2, ACTIVATIONS))
    z = (q2 @ p["dense_3/kernel"] + p["dense_3/bias"]) * m3  # (n, 256) -> (n, 10)

    def backward(dz):
        da3 = dz * is_inside(z, *LOGITS) * m3
        da2 = da3 @ p["dense_3/kernel"].T * is_inside(h2) * m2  # (n, 10) -> (n, 256)
        da1 = da2 @ p["dense_2/kernel"].T * is_inside(h1) * m1  # (n, 256) -> (n, 512)
        return gradients(p, dense_1=(q0, da1), dense_2=(q1, da2), dense_3=(q2, da3))

    return [q0, q1, q2, np.rint(np.clip(z, *LOGITS))], backward


def cnn(scales, p, x):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    f1, f2, f3, f4 = (factors.output for factors in scales.factors.values())
    q0 = np.rint(x * PIXELS).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    h1 = np.maximum((convolve(q0, p["conv_1/kernel"]) + p["conv_1/bias"]) * f1, 0)  # -> (n, 28, 28, 32)
    m1 = np.max(corners(h1), axis=0)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    q1 = np.rint(np.minimum(m1, ACTIVATIONS))
    h2 = np.maximum((convolve(q1, p["conv_2/kernel"]) + p["conv_2/bias"]) * f2, 0)  # -> (n, 14, 14, 64)
    m2 = np.max(corners(h2), axis=0)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    q2 = np.rint(np.minimum(m2, ACTIVATIONS)).reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    h3 = np.maximum((q2 @ p["dense_1/kernel"] + p["dense_1/bias"]) * f3, 0)  # (n, 3136) -> (n, 128)
    q3 = np.rint(np.minimum(h3, ACTIVATIONS))
    z = (q3 @ p["dense_2/kernel"] + p["dense_2/bias"]) * f4  # (n, 128) -> (n, 10)

    def backward(dz):
        da4 = dz * is_inside(z, *LOGITS) * f4
        da3 = da4 @ p["dense_2/kernel"].T * is_inside(h3) * f3  # (n, 10) -> (n, 128)
        dm2 = (da3 @ p["dense_1/kernel"].T).reshape(m2.shape) * is_inside(m2)  # (n, 128) -> (n, 7, 7, 64)
        da2 = max_pool_gradient(dm2, h2, m2) * f2  # (n, 7, 7, 64) -> (n, 14, 14, 64)
        dm1 = convolve(da2, p["conv_2/kernel"][::-1, ::-1].swapaxes(2, 3)) * is_inside(m1)  # -> (n, 14, 14, 32)
        da1 = max_pool_gradient(dm1, h1, m1) * f1  # (n, 14, 14, 32) -> (n, 28, 28, 32)
        convs = {"conv_1": (patches(q0), da1), "conv_2": (patches(q1), da2)}
        return gradients(p, **convs, dense_1=(q2, da3), dense_2=(q3, da4))

    return [q0, q1, q2, q3, np.rint(np.clip(z, *LOGITS))], backward


INTEGER_MODELS = {"mlp": mlp, "cnn": cnn}


def is_inside(number, low=0, high=ACTIVATIONS):
    """Where it was not cut off. The ReLU of 0 has no gradient."""
    return (number > low) & (number <= high)


def quantized(scales, params, x):
    """Return the logits (n, 10) of the integers that `params` are rounded to, and `backward`, as the models of mnist.py.

    Rounding passes a gradient on unchanged; a weight that was clipped has none.
    """
    (*_, logits), backward = INTEGER_MODELS[scales.network](scales, rounded(params, scales), x)

    def straight_through(dz):
        grads = backward(dz * scales.logits)
        for name, array in scaled(params, scales).items():
            if name.endswith("kernel"):
                grads[name] *= abs(array) <= scales.largest
        return scaled(grads, scales)

    return logits * scales.logits, straight_through


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: partial(quantized, scales)})

    def whole_numbers(self):
        return {name: array.astype(np.int32) for name, array in rounded(self.params, self.scales).items()}

    def activations(self, images):
        model, integers = INTEGER_MODELS[self.scales.network], rounded(self.params, self.scales)
        outputs, _ = model(self.scales, integers, self.inputs(images))
        return [array.reshape(len(images), -1).astype(np.int32) for array in outputs]


def in_integers(whole, scales, images):
    """The referee: what each layer gets of these images, and the logits, computed with whole numbers as a device does.

    `whole` as `integers` returns it, `images` uint8 (n, 28, 28). Returns arrays (n, numbers), uint8, the last int8.
    """
    layers = list(scales.factors.items())
    x = images
    outputs = [x.reshape(len(x), -1)]  # (n, 28, 28) -> (n, 784)
    for layer, factors in layers:
        kernel, bias = whole[f"{layer}/kernel"], whole[f"{layer}/bias"]
        convolutional = kernel.ndim > 2
        x = x.reshape(*images.shape, -1) if convolutional and x.ndim < 4 else x if convolutional else outputs[-1]
        sums = int32_sums(x, kernel, bias)
        low, high = LOGITS if layer == layers[-1][0] else (0, ACTIVATIONS)
        # One float32 product and one rounding, half to even: the only numbers that are not whole.
        x = np.clip(np.rint(sums.astype(np.float32) * factors.output), low, high).astype(np.int8 if low else np.uint8)
        x = np.max(corners(x), axis=0) if convolutional else x  # (n, h, w, c) -> (n, h / 2, w / 2, c)
        outputs.append(x.reshape(len(x), -1))
    return outputs


def int32_sums(x, kernel, bias):
    """x W + b, int32. In float64 on the way, for BLAS multiplies no integers: exact, as sums stay far below 2^53."""
    product = convolve if kernel.ndim > 2 else np.matmul
    return product(x.astype(np.float64), kernel.astype(np.float64)).astype(np.int32) + bias


def logits_in_integers(whole, scales, images):
    """int8 (n, 10): see `in_integers`, which is asked part by part."""
    parts = np.array_split(images, len(images) // 500 + 1)
    return np.concatenate([in_integers(whole, scales, part)[-1] for part in parts])
