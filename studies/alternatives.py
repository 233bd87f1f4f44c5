"""Defaults of the frameworks in NumPy, as alternatives to those of impls/numpy: optimizers, losses, initial values."""

import numpy as np
from scipy.stats import norm, truncnorm

from impls.numpy import mnist


class EpsilonAfterCorrection(mnist.Adam):
    """Adam as in PyTorch: epsilon is added to sqrt(v) after its bias correction."""

    def step(self, params, grads):
        """Update `params` in place."""
        given, correction = self.epsilon, 1 - self.beta_2 ** (self.steps + 1)
        self.epsilon = given * correction**0.5
        super().step(params, grads)
        self.epsilon = given


class WeightDecayInGradient(mnist.Adam):
    """Adam as in PyTorch with `weight_decay`: L2 regularization of the kernels, in the gradient."""

    def step(self, params, grads):
        """Update `params` in place."""
        decayed = {name: 0.01 * params[name] for name in grads if name.endswith("/kernel")}
        super().step(params, {name: g + decayed.get(name, 0) for name, g in grads.items()})


class AccumulatedGradients(mnist.Adam):
    """Adam without `zero_grad` of PyTorch: each gradient is added to those of the steps before."""

    def step(self, params, grads):
        """Update `params` in place."""
        self.sums = {name: g + getattr(self, "sums", {}).get(name, 0) for name, g in grads.items()}
        super().step(params, self.sums)


class RMSprop:
    """RMSprop with the learning rate of all frameworks, 1e-3. v is like `params`."""

    def __init__(self, params, decay):
        self.decay, self.v = decay, {name: np.zeros_like(array) for name, array in params.items()}

    def step(self, params, grads):
        """Update `params` in place."""
        for name, g in grads.items():
            self.v[name] += (1 - self.decay) * (g * g - self.v[name])
            params[name] -= 1e-3 * g / (np.sqrt(self.v[name]) + 1e-7)


class SGD:
    """Gradient descent."""

    def __init__(self, params, learning_rate):
        self.learning_rate = learning_rate

    def step(self, params, grads):
        """Update `params` in place."""
        for name, g in grads.items():
            params[name] -= self.learning_rate * g


def gelu_by_tanh(a):
    """Return the tanh form of GELU (arXiv:1606.08415), and its `backward`."""
    c = (2 / np.pi) ** 0.5
    t = np.tanh(c * (a + 0.044715 * a**3))
    return a * (1 + t) / 2, lambda dh: dh * ((1 + t) / 2 + a * (1 - t**2) / 2 * c * (1 + 3 * 0.044715 * a**2))


def mlp_with_dropout(params, x):
    """Run the MLP with dropout of a half after each hidden layer. Return as `mnist.mlp` does."""
    random = np.random.default_rng(int(1e6 * x.sum()))  # other masks for each batch
    m1, m2 = (2.0 * (random.random((len(x), size)) < 0.5) for size in (512, 256))
    h1 = np.maximum(x @ params["dense_1/kernel"] + params["dense_1/bias"], 0) * m1  # (n, 784) -> (n, 512)
    h2 = np.maximum(h1 @ params["dense_2/kernel"] + params["dense_2/bias"], 0) * m2  # (n, 512) -> (n, 256)
    z = h2 @ params["dense_3/kernel"] + params["dense_3/bias"]  # (n, 256) -> (n, 10)

    def backward(dz):
        da2 = dz @ params["dense_3/kernel"].T * (h2 > 0) * m2  # (n, 10) -> (n, 256)
        da1 = da2 @ params["dense_2/kernel"].T * (h1 > 0) * m1  # (n, 256) -> (n, 512)
        return mnist.gradients(params, dense_1=(x, da1), dense_2=(h1, da2), dense_3=(h2, dz))

    return z, backward


def softmax_before_the_loss(logits, y):
    """Return the loss and dL/dz, (n, 10), where the loss takes probabilities for logits."""
    p = np.exp(mnist.log_softmax(logits))
    loss, dp = mnist.cross_entropy(p, y)
    return loss, p * (dp - (dp * p).sum(axis=1, keepdims=True))


def summed_gradient(logits, y):
    """Return the mean loss, and dL/dz, (n, 10), of the sum."""
    loss, dz = mnist.cross_entropy(logits, y)
    return loss, dz * len(y)


def clipped(logits, y, least=1e-7):
    """Return the loss and dL/dz, (n, 10), where probabilities are clipped as in Keras."""
    _, dz = mnist.cross_entropy(logits, y)
    p = np.exp(mnist.log_softmax(logits))[np.arange(len(y)), y]  # (n, 10) -> (n,)
    within = (p > least) & (p < 1 - least)
    return -np.log(p.clip(least, 1 - least)).mean(), dz * within[:, np.newaxis]


def zeros(u, inputs, outputs):
    """Return zeros."""
    return 0 * u


def drawn(shapes, kernel, bias=zeros, chosen="dense", seed=1):
    """Return kernels and biases of the layers whose names begin with `chosen`, float32, from equal draws for each seed.

    `kernel` and `bias` turn u, uniform in (-1, 1), and the numbers of inputs and outputs into values. Others are He's.
    """
    random, params = np.random.default_rng(seed), {}
    for name, shape in shapes.items():
        u = random.uniform(-1, 1, shape)
        if name.endswith("/kernel"):
            inputs, outputs = np.prod(shape[:-1]), shape[-1] * np.prod(shape[:-2])
            function = kernel if name.startswith(chosen) else he_normal
        else:
            function = bias if name.startswith(chosen) else zeros
        params[name] = function(u, inputs, outputs).astype("float32")  # a bias has the numbers of the kernel before it
    return params


def torch_uniform(u, inputs, outputs):
    """Return uniform numbers as in PyTorch's layers."""
    return u / inputs**0.5


def glorot_uniform(u, inputs, outputs):
    """Return uniform numbers as in Keras' layers."""
    return u * (6 / (inputs + outputs)) ** 0.5


def he_normal(u, inputs, outputs):
    """Return normal numbers with variance 2 / inputs."""
    return norm.ppf((u + 1) / 2) * (2 / inputs) ** 0.5


def he_truncated(u, inputs, outputs):
    """Return numbers of a normal distribution that is truncated at 2 deviations, with variance 2 / inputs."""
    return truncnorm.ppf((u + 1) / 2, -2, 2) / truncnorm.std(-2, 2) * (2 / inputs) ** 0.5
