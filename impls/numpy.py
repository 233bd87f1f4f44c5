"""NumPy: everything written out, gradients derived by hand. In float64 it is the referee of all the others."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from impls._checks import check_device, check_epochs, check_images, check_labels, check_parameters
from impls._files import read_dataset
from impls.contract import DATASET, NETWORKS, Settings


def initial_parameters(generator, shapes, dtype):
    """Kernels after He (arXiv:1502.01852), normal with variance 2 / inputs; biases zero."""
    return {
        name: generator.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(dtype)
        if name.endswith("kernel")
        else np.zeros(shape, dtype)
        for name, shape in shapes.items()
    }


# A network returns its logits z (the loss applies the softmax), and a function that follows dL/dz back to each layer's
# a = x W + b, and returns x and dL/da, of which the gradients of W and b are made. On its way, dL/dx = dL/da W^T, and
# behind h = max(a, 0), dL/da is dL/dh where h > 0, and 0 elsewhere.


def mlp(p, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer."""
    h1 = np.maximum(x @ p["dense_1/kernel"] + p["dense_1/bias"], 0)  # (n, 784) -> (n, 512)
    h2 = np.maximum(h1 @ p["dense_2/kernel"] + p["dense_2/bias"], 0)  # (n, 512) -> (n, 256)
    z = h2 @ p["dense_3/kernel"] + p["dense_3/bias"]  # (n, 256) -> (n, 10)

    def backward(dz):
        da2 = dz @ p["dense_3/kernel"].T * (h2 > 0)  # (n, 10) -> (n, 256)
        da1 = da2 @ p["dense_2/kernel"].T * (h1 > 0)  # (n, 256) -> (n, 512)
        return {"dense_1": (x, da1), "dense_2": (h1, da2), "dense_3": (h2, dz)}

    return z, backward


def cnn(p, x):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""
    x = x.reshape(-1, 28, 28, 1)  # (n, 784) -> (n, 28, 28, 1)
    h1 = np.maximum(convolve(x, p["conv_1/kernel"]) + p["conv_1/bias"], 0)  # (n, 28, 28, 1) -> (n, 28, 28, 32)
    m1 = np.max(quarters(h1), axis=0)  # (n, 28, 28, 32) -> (n, 14, 14, 32)
    h2 = np.maximum(convolve(m1, p["conv_2/kernel"]) + p["conv_2/bias"], 0)  # (n, 14, 14, 32) -> (n, 14, 14, 64)
    m2 = np.max(quarters(h2), axis=0)  # (n, 14, 14, 64) -> (n, 7, 7, 64)
    flat = m2.reshape(len(x), -1)  # (n, 7, 7, 64) -> (n, 3136)
    h3 = np.maximum(flat @ p["dense_1/kernel"] + p["dense_1/bias"], 0)  # (n, 3136) -> (n, 128)
    z = h3 @ p["dense_2/kernel"] + p["dense_2/bias"]  # (n, 128) -> (n, 10)

    def backward(dz):
        da3 = dz @ p["dense_2/kernel"].T * (h3 > 0)  # (n, 10) -> (n, 128)
        dm2 = (da3 @ p["dense_1/kernel"].T).reshape(m2.shape)  # (n, 128) -> (n, 7, 7, 64)
        # Where a maximum is 0, the ReLU has shut off its whole window: it is asked before the pooling, for a quarter.
        da2 = max_pool_gradient(dm2 * (m2 > 0), h2, m2)  # (n, 7, 7, 64) -> (n, 14, 14, 64)
        # A pixel that the kernel met to the right of its middle gets its gradient from the left: the kernel is turned.
        dm1 = convolve(da2, p["conv_2/kernel"][::-1, ::-1].swapaxes(2, 3))  # (n, 14, 14, 64) -> (n, 14, 14, 32)
        da1 = max_pool_gradient(dm1 * (m1 > 0), h1, m1)  # (n, 14, 14, 32) -> (n, 28, 28, 32)
        return {"conv_1": (patches(x), da1), "conv_2": (patches(m1), da2), "dense_1": (flat, da3), "dense_2": (h3, dz)}

    return z, backward


MODELS = {"mlp": mlp, "cnn": cnn}


def convolve(x, kernel):
    """A dense layer on patches, as in every framework: none turns the kernel. (n, h, w, c) -> (n, h, w, outputs)."""
    return (patches(x) @ kernel.reshape(-1, kernel.shape[3])).reshape(*x.shape[:3], -1)


def patches(x):
    """A row for each pixel, its 3 x 3 surroundings, 0 beyond the edge: (n, h, w, c) -> (n h w, 9 c)."""
    windows = sliding_window_view(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), axis=(1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, 9 * x.shape[3])  # (n, h, w, c, 3, 3) -> (n h w, 9 c)


def max_pool_gradient(dm, h, m):
    """The maximum's gradient goes to the first that equals it, whole and once: (n, h / 2, w / 2, c) -> (n, h, w, c)."""
    dh, left = np.zeros_like(h), dm.copy()
    for target, number in zip(quarters(dh), quarters(h), strict=True):
        target[...] = left * (number == m)
        left -= target
    return dh


def quarters(h):
    """The upper left, upper right, lower left and lower right of each 2 x 2 window: views, (n, h / 2, w / 2, c)."""
    return h[:, ::2, ::2], h[:, ::2, 1::2], h[:, 1::2, ::2], h[:, 1::2, 1::2]


def log_softmax(logits):
    """z - log(sum(exp(z))) in each row, with the largest z taken out first so that exp cannot overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(logits, labels):
    """Mean over the batch of -log(softmax(z)[label])."""
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def loss_and_gradients(model, parameters, x, labels):
    logits, backward = model(parameters, x)
    # L = mean(log(sum(exp(z))) - z[label]), so dL/dz = (softmax(z) - one_hot(label)) / n.
    one_hot = np.eye(DATASET.classes, dtype=logits.dtype)[labels]  # (n,) -> (n, 10)
    dz = (np.exp(log_softmax(logits)) - one_hot) / len(labels)
    return cross_entropy(logits, labels), parameter_gradients(parameters, backward(dz))


def parameter_gradients(parameters, layers):
    gradients = {}
    for layer, (inputs, da) in layers.items():
        # a = x W + b, so dL/dW = x^T dL/da, dL/db = sum of dL/da over the batch, and over the pixels of a convolution.
        kernel, da = f"{layer}/kernel", da.reshape(len(inputs), -1)  # (n, h, w, outputs) -> (n h w, outputs)
        gradients[kernel] = (inputs.T @ da).reshape(parameters[kernel].shape)
        gradients[f"{layer}/bias"] = da.sum(axis=0)
    return gradients


class Adam:
    """Adam (arXiv:1412.6980) in the form of the last paragraph of its section 2, which Keras uses too."""

    def __init__(self, settings, parameters):
        self.settings = settings
        self.epsilon = 1e-8 if settings.epsilon is None else settings.epsilon
        self.steps = 0
        self.m = {name: np.zeros_like(array) for name, array in parameters.items()}
        self.v = {name: np.zeros_like(array) for name, array in parameters.items()}

    def apply(self, gradients, parameters):
        s = self.settings
        self.steps += 1
        rate = s.learning_rate * (1 - s.beta_2**self.steps) ** 0.5 / (1 - s.beta_1**self.steps)
        for name, g in gradients.items():
            m, v = self.m[name], self.v[name]
            m += (1 - s.beta_1) * (g - m)
            v += (1 - s.beta_2) * (g * g - v)
            parameters[name] -= rate * m / (np.sqrt(v) + self.epsilon)


class Classifier:
    jit_compile = False

    def __init__(self, settings: Settings, models=None):
        check_device(settings.device, "NumPy", sees_gpu=False)
        self.settings = settings
        self.network = NETWORKS[settings.network]
        self.model = (models or MODELS)[settings.network]
        self.generator = np.random.default_rng(settings.seed)
        self.parameters = initial_parameters(self.generator, self.network.shapes, settings.dtype)
        self.optimizer = Adam(settings, self.parameters)

    def load_dataset(self, directory):
        return read_dataset(directory)

    def _pixels(self, images):
        return check_images(images).reshape(len(images), -1).astype(self.settings.dtype) / 255  # -> (n, 784)

    def prepare_batch(self, images, labels):
        return self._pixels(images), check_labels(labels, len(images))

    def train_step(self, batch):
        loss, gradients = self._loss_and_gradients(*batch)
        self.optimizer.apply(gradients, self.parameters)
        return loss

    def _loss_and_gradients(self, pixels, labels):
        return loss_and_gradients(self.model, self.parameters, pixels, labels)

    def fit(self, images, labels, epochs, on_epoch=None):
        history = {"loss": []}
        pixels, labels = self.prepare_batch(images, labels)
        batch_size = self.settings.batch_size
        for epoch in range(1, check_epochs(epochs) + 1):
            order = self.generator.permutation(len(labels))
            total = 0.0
            for start in range(0, len(labels), batch_size):
                rows = order[start : start + batch_size]
                loss = self.train_step((pixels[rows], labels[rows]))
                total += float(loss) * len(rows)
            history["loss"].append(total / len(labels))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history

    def evaluate(self, images, labels):
        logits, labels = self.logits(images), check_labels(labels, len(images))
        return float(cross_entropy(logits, labels)), float(np.mean(logits.argmax(axis=1) == labels))

    def probabilities(self, images):
        return self.predict_step((self._pixels(images), None))

    def predict_step(self, batch):
        logits, _ = self.model(self.parameters, batch[0])
        return np.exp(log_softmax(logits))

    # The story ends here: what follows is what only the tests and the clocks ask for.

    def versions(self):
        return {"numpy": np.__version__}

    def preprocess(self, images):
        return self._pixels(images)

    def logits(self, images):
        parts = np.array_split(self._pixels(images), len(images) // 1000 + 1)  # activations of all would be gigabytes
        return np.concatenate([self.model(self.parameters, part)[0] for part in parts])

    def loss_and_gradients(self, images, labels):
        loss, gradients = self._loss_and_gradients(*self.prepare_batch(images, labels))
        return float(loss), gradients

    def parameter_count(self):
        return sum(array.size for array in self.parameters.values())

    def get_parameters(self):
        return {name: array.copy() for name, array in self.parameters.items()}

    def set_parameters(self, parameters):
        check_parameters(parameters, self.network)
        self.parameters = {name: np.array(parameters[name], self.settings.dtype) for name in self.network.shapes}

    def get_moments(self):
        both = self.optimizer.m, self.optimizer.v
        return tuple({name: array.copy() for name, array in moments.items()} for moments in both)

    def hyperparameters(self):
        s, epsilon = self.settings, self.optimizer.epsilon
        return {"learning_rate": s.learning_rate, "beta_1": s.beta_1, "beta_2": s.beta_2, "epsilon": epsilon}

    def synchronize(self):
        pass  # NumPy returns when it is done


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier, MODELS)
