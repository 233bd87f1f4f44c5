"""JAX, quantized: the same pure functions on whole numbers, and a rounding with a derivative of its own."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from impls import jax as float_jax
from impls.contract import Settings
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS, Scales


@jax.custom_jvp
def rounded(x):
    """Half to even, with a derivative of 1 ("straight through", arXiv:1308.3432)."""
    return jnp.round(x)


rounded.defjvps(lambda tangent, _, x: tangent)


def whole(x, low=0, high=ACTIVATIONS):
    return rounded(jnp.clip(x, low, high))


def whole_parameters(scales, p):
    """Of each layer."""
    limit = scales.largest
    return {
        f"{layer}/kernel": whole(p[f"{layer}/kernel"] * factors.kernel, -limit, limit)
        for layer, factors in scales.factors.items()
    } | {f"{layer}/bias": rounded(p[f"{layer}/bias"] * factors.bias) for layer, factors in scales.factors.items()}


# A quantized network returns what each layer gets, and the logits, all whole numbers.


def mlp(scales, p, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer."""
    m1, m2, m3 = (factors.output for factors in scales.factors.values())
    q0 = whole(x * PIXELS)
    q1 = whole(jax.nn.relu((q0 @ p["dense_1/kernel"] + p["dense_1/bias"]) * m1))  # (n, 784) -> (n, 512)
    q2 = whole(jax.nn.relu((q1 @ p["dense_2/kernel"] + p["dense_2/bias"]) * m2))  # (n, 512) -> (n, 256)
    z = (q2 @ p["dense_3/kernel"] + p["dense_3/bias"]) * m3  # (n, 256) -> (n, 10)
    return q0, q1, q2, whole(z, *LOGITS)


def cnn(scales, p, x):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    m1, m2, m3, m4 = (factors.output for factors in scales.factors.values())
    q0 = whole(x * PIXELS).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    h1 = jax.nn.relu((float_jax.convolve(q0, p["conv_1/kernel"]) + p["conv_1/bias"]) * m1)  # -> (n, 28, 28, 32)
    q1 = whole(max_pool(h1))  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    h2 = jax.nn.relu((float_jax.convolve(q1, p["conv_2/kernel"]) + p["conv_2/bias"]) * m2)  # -> (n, 14, 14, 64)
    q2 = whole(max_pool(h2)).reshape(len(x), -1)  # (n, 14, 14, 64) -> (n, 7, 7, 64) -> (n, 3136)
    q3 = whole(jax.nn.relu((q2 @ p["dense_1/kernel"] + p["dense_1/bias"]) * m3))  # (n, 3136) -> (n, 128)
    z = (q3 @ p["dense_2/kernel"] + p["dense_2/bias"]) * m4  # (n, 128) -> (n, 10)
    return q0, q1, q2, q3, whole(z, *LOGITS)


def max_pool(x):
    """By `reduce_window`, which gives the gradient to the first of equal numbers, as others do: here many are."""
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


MODELS = {"mlp": mlp, "cnn": cnn}


def activations(scales, parameters, pixels):
    return MODELS[scales.network](scales, whole_parameters(scales, parameters), pixels)


def logits(scales, parameters, pixels):
    return activations(scales, parameters, pixels)[-1] * scales.logits


class Classifier(float_jax.Classifier):
    """Trains float parameters on the loss of the whole numbers that they are rounded to."""

    def __init__(self, settings: Settings, scales: Scales):
        self.scales = scales
        super().__init__(settings, {scales.network: partial(logits, scales)})

    def whole_numbers(self):
        return self._named_arrays(jax.jit(partial(whole_parameters, self.scales))(self.parameters))

    def activations(self, images):
        found = jax.jit(partial(activations, self.scales))(self.parameters, self._pixels(images))
        return [np.array(x).reshape(len(images), -1) for x in found]


if __name__ == "__main__":
    from impls.quantization._main import quantize

    quantize(float_jax.Classifier, Classifier)
