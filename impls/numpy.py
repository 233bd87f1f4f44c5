"""NumPy: everything written out, gradients derived by hand. In float64 it is the referee of all the others."""

import numpy as np

from impls.contract import (
    PARAMETER_SHAPES,
    Settings,
    check_device,
    check_epochs,
    check_images,
    check_labels,
    check_parameters,
    read_mnist,
)


def initial_parameters(generator, dtype):
    """Kernels after He (arXiv:1502.01852), normal with variance 2 / inputs; biases zero."""
    return {
        name: generator.normal(0, np.sqrt(2 / shape[0]), shape).astype(dtype)
        if name.endswith("kernel")
        else np.zeros(shape, dtype)
        for name, shape in PARAMETER_SHAPES.items()
    }


def hidden_layers(parameters, x):
    h1 = np.maximum(x @ parameters["dense_1/kernel"] + parameters["dense_1/bias"], 0)  # (n, 784) -> (n, 512)
    h2 = np.maximum(h1 @ parameters["dense_2/kernel"] + parameters["dense_2/bias"], 0)  # (n, 512) -> (n, 256)
    return h1, h2


def network(parameters, x):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer. Returns logits: the loss applies the softmax."""
    _, h2 = hidden_layers(parameters, x)
    return h2 @ parameters["dense_3/kernel"] + parameters["dense_3/bias"]  # (n, 256) -> (n, 10)


def log_softmax(logits):
    """z - log(sum(exp(z))) in each row, with the largest z taken out first so that exp cannot overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(logits, labels):
    """Mean over the batch of -log(softmax(z)[label])."""
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def loss_and_gradients(parameters, x, labels):
    h1, h2 = hidden_layers(parameters, x)
    logits = h2 @ parameters["dense_3/kernel"] + parameters["dense_3/bias"]  # (n, 256) -> (n, 10)

    # L = mean(log(sum(exp(z))) - z[label]), so dL/dz = (softmax(z) - one_hot(label)) / n.
    dz = np.exp(log_softmax(logits))  # (n, 10)
    dz[np.arange(len(labels)), labels] -= 1
    dz /= len(labels)

    # z = h W + b, so dL/dW = h^T dL/dz, dL/db = sum over the batch of dL/dz, dL/dh = dL/dz W^T.
    # h = max(a, 0), so dL/da is dL/dh where h > 0, and 0 elsewhere.
    da2 = dz @ parameters["dense_3/kernel"].T * (h2 > 0)  # (n, 10) -> (n, 256)
    da1 = da2 @ parameters["dense_2/kernel"].T * (h1 > 0)  # (n, 256) -> (n, 512)
    return cross_entropy(logits, labels), {
        "dense_1/kernel": x.T @ da1,  # (784, n) @ (n, 512)
        "dense_1/bias": da1.sum(axis=0),
        "dense_2/kernel": h1.T @ da2,  # (512, n) @ (n, 256)
        "dense_2/bias": da2.sum(axis=0),
        "dense_3/kernel": h2.T @ dz,  # (256, n) @ (n, 10)
        "dense_3/bias": dz.sum(axis=0),
    }


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

    def __init__(self, settings: Settings):
        check_device(settings.device, "NumPy", sees_gpu=False)
        self.settings = settings
        self.generator = np.random.default_rng(settings.seed)
        self.parameters = initial_parameters(self.generator, settings.dtype)
        self.optimizer = Adam(settings, self.parameters)

    def versions(self):
        return {"numpy": np.__version__}

    def load_dataset(self, directory):
        return read_mnist(directory)

    def preprocess(self, images):
        return self._pixels(images)

    def _pixels(self, images):
        return check_images(images).reshape(-1, 784).astype(self.settings.dtype) / 255  # (n, 28, 28) -> (n, 784)

    def parameter_count(self):
        return sum(array.size for array in self.parameters.values())

    def get_parameters(self):
        return {name: array.copy() for name, array in self.parameters.items()}

    def set_parameters(self, parameters):
        check_parameters(parameters)
        self.parameters = {name: np.array(parameters[name], self.settings.dtype) for name in PARAMETER_SHAPES}

    def hyperparameters(self):
        s = self.settings
        return {
            "learning_rate": s.learning_rate,
            "beta_1": s.beta_1,
            "beta_2": s.beta_2,
            "epsilon": self.optimizer.epsilon,
        }

    def get_moments(self):
        copies = ({name: array.copy() for name, array in part.items()} for part in (self.optimizer.m, self.optimizer.v))
        return tuple(copies)

    def probabilities(self, images):
        return self.predict_step((self._pixels(images), None))

    def logits(self, images):
        return network(self.parameters, self._pixels(images))

    def loss_and_gradients(self, images, labels):
        loss, gradients = loss_and_gradients(self.parameters, *self.prepare_batch(images, labels))
        return float(loss), gradients

    def prepare_batch(self, images, labels):
        return self._pixels(images), check_labels(labels, len(images))

    def train_step(self, batch):
        loss, gradients = loss_and_gradients(self.parameters, *batch)
        self.optimizer.apply(gradients, self.parameters)
        return loss

    def predict_step(self, batch):
        pixels, _ = batch
        return np.exp(log_softmax(network(self.parameters, pixels)))

    def synchronize(self):
        pass  # NumPy returns when it is done

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
        pixels, labels = self.prepare_batch(images, labels)
        logits = network(self.parameters, pixels)
        return float(cross_entropy(logits, labels)), float(np.mean(logits.argmax(axis=1) == labels))


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier)
