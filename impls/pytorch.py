"""PyTorch: a module with a forward method, integer labels, and a training loop that we write ourselves."""

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from impls._checks import check_device, check_epochs, check_images, check_labels, check_parameters
from impls.contract import NETWORKS, Settings


class MLP(nn.Module):
    """784 -> 512 -> 256 -> 10, a ReLU after each hidden layer. Returns logits: the loss applies the softmax."""

    def __init__(self):
        super().__init__()
        self.dense_1 = nn.Linear(784, 512)
        self.dense_2 = nn.Linear(512, 256)
        self.dense_3 = nn.Linear(256, 10)

    def forward(self, x):
        x = F.relu(self.dense_1(x))  # (n, 784) -> (n, 512)
        x = F.relu(self.dense_2(x))  # (n, 512) -> (n, 256)
        return self.dense_3(x)  # (n, 256) -> (n, 10)


class CNN(nn.Module):
    """Two 3 x 3 convolutions, to 32 and 64 channels, each with a ReLU and 2 x 2 max-pooling; then 3136 -> 128 -> 10."""

    def __init__(self):
        super().__init__()
        self.conv_1 = nn.Conv2d(1, 32, 3, padding="same")
        self.conv_2 = nn.Conv2d(32, 64, 3, padding="same")
        self.dense_1 = nn.Linear(7 * 7 * 64, 128)
        self.dense_2 = nn.Linear(128, 10)

    def forward(self, x):
        x = x.unflatten(1, (1, 28, 28))  # (n, 784) -> (n, 1, 28, 28)
        x = F.max_pool2d(F.relu(self.conv_1(x)), 2)  # (n, 1, 28, 28) -> (n, 32, 14, 14)
        x = F.max_pool2d(F.relu(self.conv_2(x)), 2)  # (n, 32, 14, 14) -> (n, 64, 7, 7)
        x = x.flatten(1)  # (n, 64, 7, 7) -> (n, 3136)
        x = F.relu(self.dense_1(x))  # (n, 3136) -> (n, 128)
        return self.dense_2(x)  # (n, 128) -> (n, 10)


MODELS = {"mlp": MLP, "cnn": CNN}


class Classifier:
    jit_compile = False

    def __init__(self, settings: Settings, models=None, loss=None):
        if settings.threads:
            torch.set_num_threads(settings.threads)
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device(check_device(settings.device, "PyTorch", torch.cuda.is_available()))
        self.dtype = getattr(torch, settings.dtype)
        self.network = NETWORKS[settings.network]
        self.channels = input_channels(self.network.shapes)
        self.model = (models or MODELS)[settings.network]().to(self.device, self.dtype)
        self.loss = loss or nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=settings.learning_rate,
            betas=(settings.beta_1, settings.beta_2),
            fused=True,  # all parameters in one kernel instead of a dozen calls for each
        )
        self.steps = 0

    def load_dataset(self, directory):
        train = torchvision.datasets.MNIST(directory, train=True)
        test = torchvision.datasets.MNIST(directory, train=False)
        return tuple(
            (part.data.numpy(), part.targets.numpy().astype(np.uint8))  # (n, 28, 28), (n,)
            for part in (train, test)
        )

    def _pixels(self, images):
        images = torch.tensor(check_images(images), device=self.device)
        return images.to(self.dtype).flatten(start_dim=1) / 255  # (n, 28, 28) -> (n, 784)

    def prepare_batch(self, images, labels):
        pixels = self._pixels(images)
        labels = torch.tensor(check_labels(labels, len(images)), device=self.device, dtype=torch.int64)
        return pixels, labels

    def train_step(self, batch):
        pixels, labels = batch
        self._align_epsilon()
        self.optimizer.zero_grad()
        loss = self.loss(self.model(pixels), labels)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _align_epsilon(self):
        """PyTorch adds epsilon after the bias correction of sqrt(v), so the aligned epsilon changes with each step."""
        self.steps += 1
        if self.settings.epsilon is not None:
            correction = (1 - self.settings.beta_2**self.steps) ** 0.5
            self.optimizer.param_groups[0]["eps"] = self.settings.epsilon / correction

    def fit(self, images, labels, epochs, on_epoch=None):
        history = {"loss": []}
        # No DataLoader: it would fetch the images one by one, and an epoch take three times as long (docs/how-fast.md).
        pixels, labels = self.prepare_batch(images, labels)
        for epoch in range(1, check_epochs(epochs) + 1):
            self.model.train()
            total = torch.zeros((), device=self.device, dtype=torch.float64)
            for rows in torch.randperm(len(labels), device=self.device).split(self.settings.batch_size):
                loss = self.train_step((pixels[rows], labels[rows]))
                total += loss * len(rows)
            history["loss"].append(total.item() / len(labels))
            if on_epoch:
                on_epoch(epoch, history["loss"][-1])
        return history

    def evaluate(self, images, labels):
        self.model.eval()
        pixels, labels = self.prepare_batch(images, labels)
        logits = self._logits(pixels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        return self.loss(logits, labels).item(), accuracy.item()

    def _logits(self, pixels):
        with torch.inference_mode():  # in parts: activations of all would be gigabytes
            return torch.cat([self.model(part) for part in pixels.split(1000)])

    def probabilities(self, images):
        return self.predict_step((self._pixels(images), None)).cpu().numpy()

    def predict_step(self, batch):
        pixels, _ = batch
        with torch.inference_mode():
            return F.softmax(self.model(pixels), dim=1)

    # The story ends here: what follows is what only the tests and the clocks ask for.

    def versions(self):
        return {"torch": torch.__version__, "torchvision": torchvision.__version__, "numpy": np.__version__}

    def preprocess(self, images):
        return self._pixels(images).cpu().numpy()

    def logits(self, images):
        return self._logits(self._pixels(images)).cpu().numpy()

    def loss_and_gradients(self, images, labels):
        pixels, labels = self.prepare_batch(images, labels)
        loss = self.loss(self.model(pixels), labels)
        gradients = torch.autograd.grad(loss, list(self.model.parameters()))
        return loss.item(), self._named_arrays(gradients)

    def parameter_count(self):
        return sum(parameter.numel() for parameter in self.model.parameters())

    def get_parameters(self):
        return self._named_arrays(self.model.parameters())

    def set_parameters(self, parameters):
        check_parameters(parameters, self.network)
        with torch.no_grad():
            for name, channels, own in zip(self.network.shapes, self.channels, self.model.parameters(), strict=True):
                array = torch.tensor(parameters[name]).reshape(-1, channels, len(own))
                own.copy_(array.permute(2, 1, 0).reshape(own.shape))

    def get_moments(self):
        states = [self.optimizer.state[parameter] for parameter in self.model.parameters()]
        return tuple(self._named_arrays(state[key] for state in states) for key in ("exp_avg", "exp_avg_sq"))

    def _named_arrays(self, tensors):
        arrays = {}
        for (name, shape), channels, own in zip(self.network.shapes.items(), self.channels, tensors, strict=True):
            array = own.detach().cpu().numpy().reshape(len(own), channels, -1)
            arrays[name] = array.transpose(2, 1, 0).reshape(shape).copy()
        return arrays

    def hyperparameters(self):
        return {name: value for name, value in self.optimizer.param_groups[0].items() if name != "params"}

    def synchronize(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def input_channels(shapes):
    """Of each kernel, as many as the layer before has outputs, and as a grey image has: 1. Also 1 for a bias.

    PyTorch's images are (channels, height, width). So a kernel that is (positions, channels, outputs) in the contract
    is (outputs, channels, positions) here, be it a convolution's or that of a dense layer behind `flatten`.
    """
    outputs = [1, *(shape[-1] for shape in shapes.values())]
    return [before if len(shape) > 1 else 1 for before, shape in zip(outputs, shapes.values(), strict=False)]


if __name__ == "__main__":
    from impls._main import train_and_evaluate

    train_and_evaluate(Classifier, MODELS)
