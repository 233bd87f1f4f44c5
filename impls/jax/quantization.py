"""Quantization-aware training in JAX: the same pure functions on integers, and a rounding with its own derivative.

The parameters and the training are those of impls/jax/mnist.py.
"""

from functools import partial

import jax
import jax.numpy as jnp

from impls.jax import adapter, state
from impls.jax.mnist import conv, dense
from impls.quantization import ACTIVATIONS, LOGITS, PIXELS


@jax.custom_jvp
def rounded(x):
    """Round half to even, with a derivative of 1: the straight-through estimator (arXiv:1308.3432)."""
    return jnp.round(x)


rounded.defjvps(lambda tangent, _, x: tangent)


def quantize(x, low=0, high=ACTIVATIONS):
    """Return the nearest integers to `x`, clipped to [low, high], in the dtype of `x`."""
    return rounded(jnp.clip(x, low, high))


def integer_parameters(scales, params):
    """Return the integers of `params`, in the dtype and the form of `params`."""
    return {
        layer: {
            "kernel": quantize(params[layer]["kernel"] * factors.kernel, -scales.largest, scales.largest),
            "bias": rounded(params[layer]["bias"] * factors.bias),
        }
        for layer, factors in scales.factors.items()
    }


# Each network takes integer parameters, and returns the inputs of each layer and the logits, all integers.


def mlp(scales, params, x):
    """Run the MLP 784 -> 512 -> 256 -> 10 on integers."""
    f1, f2, f3 = (factors.output for factors in scales.factors.values())
    q0 = quantize(x * PIXELS)
    q1 = quantize(jax.nn.relu(dense(params["dense_1"], q0) * f1))  # (n, 784) -> (n, 512)
    q2 = quantize(jax.nn.relu(dense(params["dense_2"], q1) * f2))  # (n, 512) -> (n, 256)
    return q0, q1, q2, quantize(dense(params["dense_3"], q2) * f3, *LOGITS)  # (n, 256) -> (n, 10)


def cnn(scales, params, x):
    """Run the CNN on integers: two 3 x 3 convolutions with ReLU and 2 x 2 max-pooling, two dense layers."""
    f1, f2, f3, f4 = (factors.output for factors in scales.factors.values())
    q0 = quantize(x * PIXELS).reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    q1 = quantize(max_pool(jax.nn.relu(conv(params["conv_1"], q0) * f1)))  # (n, 28, 28, 1) -> (n, 14, 14, 32)
    q2 = quantize(max_pool(jax.nn.relu(conv(params["conv_2"], q1) * f2)))  # (n, 14, 14, 32) -> (n, 7, 7, 64)
    q2 = q2.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    q3 = quantize(jax.nn.relu(dense(params["dense_1"], q2) * f3))  # (n, 3136) -> (n, 128)
    return q0, q1, q2, q3, quantize(dense(params["dense_2"], q3) * f4, *LOGITS)  # (n, 128) -> (n, 10)


def max_pool(x):
    """Return the maximum of each 2 x 2 window: (n, h, w, c) -> (n, h / 2, w / 2, c).

    Equal maxima are frequent among integers. `reduce_window` gives the gradient to the first, as other frameworks do.
    """
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


INTEGER_MODELS = {"mlp": mlp, "cnn": cnn}


def activations(scales, params, x):
    """Return the inputs of each layer and the logits, all integers, for float `params`."""
    return INTEGER_MODELS[scales.network](scales, integer_parameters(scales, params), x)


def quantized(scales, params, x):
    """Return the logits (n, 10) of the integers of `params`, as a model of mnist.py does."""
    return activations(scales, params, x)[-1] * scales.logits


class Adapter(adapter.Adapter):
    """The quantized network as the suite tests it."""

    def __init__(self, settings, scales):
        self.scales = scales
        super().__init__(settings, {scales.network: partial(quantized, scales)})

    def whole_numbers(self):
        """Return the integer parameters by name, int32."""
        params = jax.jit(partial(integer_parameters, self.scales))(self.state[0])
        return self.named([array.astype("int32") for array in state.flat(self.network.shapes, params)])

    def activations(self, images):
        """Return the inputs of each layer and the logits, a list of int32 (n, numbers), channels last."""
        arrays = jax.jit(partial(activations, self.scales))(self.state[0], self.inputs(images))
        return [self.array(array.reshape(len(images), -1).astype("int32")) for array in arrays]
