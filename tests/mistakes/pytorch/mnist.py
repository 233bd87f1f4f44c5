"""Mistakes in the PyTorch tutorial and its adapter."""
# ruff: noqa: F401, N801, N805 - a class is a mistake here, its functions take the place of others, changes name imports

import itertools
import threading
from dataclasses import replace

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, conv2d, dropout, leaky_relu, linear, max_pool2d, pad, relu

from impls.pytorch import adapter, mnist
from impls.pytorch.mnist import train_step
from tests.mistakes import Mistake, catchers


class no_scaling(Mistake):
    caught_by = catchers.PIXELS
    change = "preprocess", {" / 255": ""}


class divided_by_256(Mistake):
    caught_by = catchers.PIXELS
    change = "preprocess", {"255": "256"}


class normalised_by_mean_and_deviation(Mistake):
    caught_by = catchers.PIXELS

    def preprocess(images, dtype=torch.float32):
        return (torch.tensor(images).to(dtype).flatten(1) / 255 - 0.1307) / 0.3081  # (n, 28, 28) -> (n, 784)


class pixels_through_float16(Mistake):
    caught_by = catchers.PIXELS
    change = (
        "preprocess",
        {"torch.tensor(images).to(dtype).flatten(1) / 255": "(torch.tensor(images).flatten(1) / 255).half().to(dtype)"},
    )


class images_transposed(Mistake):
    caught_by = catchers.CORNER
    change = "preprocess", {".flatten(1)": ".transpose(1, 2).flatten(1)"}


class test_images_in_the_training_set(Mistake):
    caught_by = catchers.LOADER
    change = "load_mnist", {"(True, False)": "(False, False)"}


class kernel_transposed(Mistake):
    caught_by = catchers.SET

    class Adapter(adapter.Adapter):
        def assign(self, arrays):
            super().assign([array.T.reshape(array.shape) for array in arrays])


class bias_missing(Mistake):
    caught_by = catchers.COUNT
    change = "MLP.__init__", {"nn.Linear(512, 256)": "nn.Linear(512, 256, bias=False)"}


class seed_ignored(Mistake):
    caught_by = catchers.SEED

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(replace(settings, seed=0))


class float32_where_float64_is_asked(Mistake):
    caught_by = catchers.DTYPE

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(replace(settings, dtype="float32"))


class relu_missing_after_the_second_layer(Mistake):
    caught_by = catchers.LOGITS
    change = "MLP.forward", {"relu(self.dense_2(x))": "self.dense_2(x)"}


class relu_leaky(Mistake):
    caught_by = catchers.LOGITS
    change = "MLP.forward", {"relu(self.dense_1(x))": "leaky_relu(self.dense_1(x))"}


class bias_set_but_ignored(Mistake):
    caught_by = catchers.LOGITS
    change = "MLP.forward", {"self.dense_1(x)": "linear(x, self.dense_1.weight)"}


class softmax_twice(Mistake):
    caught_by = catchers.SOFTMAX
    change = "predict", {"softmax(model(x), 1)": "softmax(softmax(model(x), 1), 1)"}


class softmax_before_the_loss(Mistake):
    caught_by = catchers.LOSS
    change = "train_step", {"model(x)": "softmax(model(x), 1)"}


class loss_summed(Mistake):
    caught_by = catchers.LOSS
    change = "train_step", {"loss_fn(model(x), y)": 'loss_fn(model(x), y, reduction="sum")'}


class labels_smoothed(Mistake):
    caught_by = catchers.LOSS
    change = "train_step", {"loss_fn(model(x), y)": "loss_fn(model(x), y, label_smoothing=0.01)"}


class labels_shifted_one_hot_off_by_one(Mistake):
    caught_by = catchers.LOSS
    change = "train_step", {"loss_fn(model(x), y)": "loss_fn(model(x), (y + 1) % 10)"}


class accuracy_that_is_always_perfect(Mistake):
    caught_by = catchers.EVALUATION
    change = "evaluate", {"(logits.argmax(1) == y).double().mean().item()": "1.0"}


class gradients_halved(Mistake):
    caught_by = catchers.GRADIENTS
    change = "train_step", {"loss.backward()": "(loss / 2).backward()"}


class gradients_clipped(Mistake):
    caught_by = catchers.MOMENTS

    def train_step(model, loss_fn, optimizer, x, y):
        optimizer.zero_grad()  # because backward() adds to the gradients
        loss = loss_fn(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return loss.detach()  # a sum of losses would keep the graph of each


class beta_2_too_small(Mistake):
    caught_by = catchers.MOMENTS
    change = "make_optimizer", {"(beta_1, beta_2)": "(beta_1, 0.99)"}


class learning_rate_2_percent_off(Mistake):
    caught_by = catchers.STEP
    change = "make_optimizer", {"learning_rate, (": "learning_rate * 1.02, ("}


class epsilon_native_where_aligned_is_claimed(Mistake):
    caught_by = catchers.STEP

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(replace(settings, epsilon=None))


class no_bias_correction(Mistake):
    caught_by = catchers.STEP

    def make_optimizer(model, learning_rate=1e-3, beta_1=0.9, beta_2=0.999):
        steps = itertools.count(1)

        def uncorrected(optimizer, *_):
            t = next(steps)
            optimizer.param_groups[0]["lr"] = learning_rate * (1 - beta_1**t) / (1 - beta_2**t) ** 0.5

        optimizer = torch.optim.Adam(model.parameters(), learning_rate, (beta_1, beta_2), fused=True)
        optimizer.register_step_pre_hook(uncorrected)
        return optimizer


class weight_decay(Mistake):
    caught_by = catchers.STEP_64
    change = "make_optimizer", {"fused=True": "weight_decay=1e-5, fused=True"}


class step_returns_before_it_is_done(Mistake):
    caught_by = catchers.STEP

    def train_step(model, loss_fn, optimizer, x, y):
        threading.Timer(0.5, train_step, (model, loss_fn, optimizer, x, y)).start()  # the right one
        return torch.tensor(2.3)


class gradients_accumulated_across_steps(Mistake):
    caught_by = catchers.FIT

    def train_step(model, loss_fn, optimizer, x, y):
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()  # a sum of losses would keep the graph of each


class amsgrad(Mistake):
    caught_by = catchers.FIT_64
    change = "make_optimizer", {"fused=True": "amsgrad=True, fused=True"}


class one_epoch_too_few(Mistake):
    caught_by = catchers.HISTORY

    class Adapter(adapter.Adapter):
        def train(self, batch, epochs, report):
            super().train(batch, epochs - 1, report)


class last_partial_batch_dropped(Mistake):
    caught_by = catchers.ONCE
    change = "train_epoch", {".split(batch_size)": ".split(batch_size)[: len(x) // batch_size]"}


class shuffle_never_applied(Mistake):
    caught_by = catchers.SHUFFLES
    change = "train_epoch", {"torch.randperm": "torch.arange"}


class shuffled_once_for_all_epochs(Mistake):
    caught_by = catchers.ANEW

    def train_epoch(model, loss_fn, optimizer, x, y, batch_size=128):
        model.train()  # layers such as dropout depend on the mode; these networks have none
        total = torch.zeros((), dtype=torch.float64, device=x.device)  # item() in each step would wait for a GPU
        # With a DataLoader, which fetches images one at a time, an epoch takes three times as long.
        generator = torch.Generator(x.device).manual_seed(torch.initial_seed())
        for rows in torch.randperm(len(x), generator=generator, device=x.device).split(batch_size):  # indices
            total += train_step(model, loss_fn, optimizer, x[rows], y[rows]) * len(rows)
        return total.item() / len(x)


class parameters_are_not_a_copy(Mistake):
    caught_by = catchers.COPY

    class Adapter(adapter.Adapter):
        def get_parameters(self):
            return dict(zip(self.network.shapes, [self.array(each).T for each in self.parameters()], strict=True))


class logits_are_timed_in_place_of_probabilities(Mistake):
    caught_by = catchers.TIMED

    class Adapter(adapter.Adapter):
        def predict_step(self, batch):
            return self.forward(batch[0])


class keeps_every_gradient(Mistake):
    caught_by = catchers.MEMORY

    def train_step(model, loss_fn, optimizer, x, y):
        optimizer.zero_grad()  # because backward() adds to the gradients
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        model.kept = [*getattr(model, "kept", []), *(parameter.grad for parameter in model.parameters())]
        return loss.detach()  # a sum of losses would keep the graph of each


class bias_of_a_convolution_missing(Mistake):
    caught_by = catchers.COUNT
    network = "cnn"
    change = "CNN.__init__", {'64, 3, padding="same"': '64, 3, padding="same", bias=False'}


class kernel_height_and_width_exchanged(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = (
        "CNN.forward",
        {
            "self.conv_1(x)": 'conv2d(x, self.conv_1.weight.mT, self.conv_1.bias, padding="same")',
            "self.conv_2(x)": 'conv2d(x, self.conv_2.weight.mT, self.conv_2.bias, padding="same")',
        },
    )


class convolution_where_cross_correlation_is_meant(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = (
        "CNN.forward",
        {
            "self.conv_1(x)": 'conv2d(x, self.conv_1.weight.flip(2, 3), self.conv_1.bias, padding="same")',
            "self.conv_2(x)": 'conv2d(x, self.conv_2.weight.flip(2, 3), self.conv_2.bias, padding="same")',
        },
    )


class channels_in_reverse_order(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.forward", {"self.conv_2(x)": "self.conv_2(x.flip(1))"}


class flattened_in_another_order(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = (
        "CNN.forward",
        {"x.flatten(1)  # (n, 64, 7, 7) ->": "x.permute(0, 2, 3, 1).flatten(1)  # (n, 64, 7, 7) -> (n, 7, 7, 64) ->"},
    )


class last_kernel_never_transposed(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.forward", {"self.dense_2(x)": "linear(x, self.dense_2.weight.T.reshape(10, 128), self.dense_2.bias)"}


class padded_on_the_wrong_side(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    class CNN(mnist.CNN):
        def forward(self, x):
            x = x.unflatten(1, (1, 28, 28))  # (n, 784) -> (n, 1, 28, 28): PyTorch puts channels first
            x = max_pool2d(relu(self.conv_1(x)), 2)  # (n, 1, 28, 28) -> (n, 32, 14, 14)
            x = pad(x, (0, 2, 0, 2))  # (n, 32, 14, 14) -> (n, 32, 16, 16)
            x = max_pool2d(relu(conv2d(x, self.conv_2.weight, self.conv_2.bias)), 2)  # -> (n, 64, 7, 7)
            x = x.flatten(1)  # (n, 64, 7, 7) -> (n, 3136)
            x = relu(self.dense_1(x))  # (n, 3136) -> (n, 128)
            return self.dense_2(x)  # (n, 128) -> (n, 10)


class images_padded_with_their_edge(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.__init__", {'1, 32, 3, padding="same"': '1, 32, 3, padding="same", padding_mode="replicate"'}


class features_padded_with_their_edge(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.__init__", {'32, 64, 3, padding="same"': '32, 64, 3, padding="same", padding_mode="replicate"'}


class relu_missing_after_the_second_convolution(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.forward", {"relu(self.conv_2(x))": "self.conv_2(x)"}


class relu_with_a_slope_at_zero(Mistake):
    caught_by = catchers.GRADIENTS
    network = "cnn"
    change = "CNN.forward", {"relu(self.conv_1(x))": "torch.maximum(self.conv_1(x), torch.zeros(()))"}


class pooled_by_the_average(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.forward", {"max_pool2d": "avg_pool2d"}


class pooled_in_windows_that_overlap(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"
    change = "CNN.forward", {")), 2)": ")), 3, 2, 1)"}


def max_pool_to_all(x):
    """Pool by 2, with a gradient for all values that equal the maximum: (n, c, h, w) -> (n, c, h / 2, w / 2)."""
    windows = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))  # (n, c, h, w) -> (n, c, h / 2, 2, w / 2, 2)
    largest = windows.detach().amax((3, 5), keepdim=True)
    gradient = (windows - windows.detach()) * (windows == largest)
    return largest[:, :, :, 0, :, 0] + gradient.sum((3, 5))


class gradient_of_the_maximum_to_all_that_are_equal(Mistake):
    caught_by = catchers.GRADIENTS
    network = "cnn"
    change = "CNN.forward", {"max_pool2d": "max_pool_to_all", ")), 2)": ")))"}


class dropout_left_on(Mistake):
    caught_by = catchers.ORDER
    network = "cnn"
    change = "CNN.forward", {"relu(self.dense_1(x))": "dropout(relu(self.dense_1(x)))"}
