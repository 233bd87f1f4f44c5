"""The PyTorch tutorial as the suite tests it: dtype, device, threads, seed and Adam's epsilon are set from outside."""

import torch

from impls import adapter
from impls.checks import check_device
from impls.pytorch import adamw, mnist, resnet, state, vit

TUTORIALS = {"mnist": mnist, "resnet": resnet, "vit": vit}  # by `Network.file`


class Adapter(state.State):
    """The PyTorch network. `models` and `loss_fn` replace those of the tutorial."""

    packages = ("torch", "torchvision")
    channels_first = True

    def __init__(self, settings, models=None, loss_fn=None):
        super().__init__(settings)
        self.tutorial = TUTORIALS[self.network.file]
        check_device(settings.device, "PyTorch", torch.cuda.is_available())
        self.configure()
        torch.manual_seed(settings.seed)
        self.random = torch.cuda if settings.device == "cuda" else torch  # whose generator draws the order of images
        self.dtype = getattr(torch, settings.dtype)
        self.model = (models or self.tutorial.MODELS)[settings.network]().to(settings.device, self.dtype)
        self.loss_fn = loss_fn or mnist.cross_entropy
        make_optimizer = adapter.optimizer_factory(settings, mnist.make_optimizer, adamw.make_optimizer, adamw.cosine)
        self.optimizer = make_optimizer(self.model)
        if settings.epsilon is not None:
            self.optimizer.register_step_pre_hook(aligned(settings))

    def configure(self):
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)

    def load_dataset(self, directory):
        return tuple((images, labels.astype("uint8")) for images, labels in mnist.load_mnist(directory))

    def inputs(self, images):
        return mnist.preprocess(images, self.dtype).to(self.settings.device)

    def targets(self, labels):
        dtype = self.dtype if labels.dtype.kind == "f" else torch.int64
        return torch.tensor(labels, dtype=dtype, device=self.settings.device)

    def set_mode(self, training):
        """Set the mode of the model: of a network with batch normalization, it chooses the statistics."""
        if self.model.training != training:  # to set it takes a tenth of a single prediction
            self.model.train(training)

    def train_step(self, batch):
        self.set_mode(training=True)
        return mnist.train_step(self.model, self.loss_fn, self.optimizer, *batch)

    def train_epoch(self, batch):
        return mnist.train_epoch(self.model, self.loss_fn, self.optimizer, *batch, self.settings.batch_size)

    def evaluate_batch(self, batch):
        return mnist.evaluate(self.model, self.loss_fn, *batch)

    def forward(self, x):
        self.set_mode(training=False)
        with torch.inference_mode():
            return self.model(x)

    def predict(self, x):
        self.set_mode(training=False)
        return mnist.predict(self.model, x)

    def gradients(self, batch):
        """Take the tutorial's step with a learning rate of 0."""
        unmoved = torch.optim.SGD(self.model.parameters(), lr=0.0)
        self.set_mode(training=True)
        loss = mnist.train_step(self.model, self.loss_fn, unmoved, *batch)
        return loss, [parameter.grad for parameter in self.model.parameters()]

    def hyperparameters(self):
        return {name: value for name, value in self.optimizer.param_groups[0].items() if name != "params"}

    def array(self, value):
        return value.detach().cpu().numpy()

    def synchronize(self, value):
        if self.settings.device == "cuda":
            torch.cuda.synchronize()


def aligned(settings):
    """Return a hook for the optimizer: PyTorch adds epsilon after the bias correction of sqrt(v), Keras before it."""

    def before_step(optimizer, *_):
        correction = 1 - settings.beta_2 ** (adamw.steps_taken(optimizer) + 1)
        for group in optimizer.param_groups:
            group["eps"] = settings.epsilon / correction**0.5

    return before_step
