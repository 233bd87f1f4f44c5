"""Mistakes in the Keras tutorial and its adapter."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

import threading
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np

from impls.keras import adapter, mnist
from tests.mistakes import Mistake, catchers

tutorial = SimpleNamespace(**vars(mnist))  # its functions as they are without a mistake
CONV_1, POOL_1, CONV_2, POOL_2, FLATTEN, DENSE_1, DENSE_2 = range(1, 8)  # layers of the CNN: the first is Reshape


def changed(model, position, *layers):
    """Return `model` with these layers in place of the one at `position`."""
    return keras.Sequential([keras.Input((784,)), *model.layers[:position], *layers, *model.layers[position + 1 :]])


class no_scaling(Mistake):
    caught_by = catchers.PIXELS

    def preprocess(images, dtype="float32"):
        return images.reshape(len(images), -1).astype(dtype)  # (n, 28, 28) -> (n, 784)


class divided_by_256(Mistake):
    caught_by = catchers.PIXELS

    def preprocess(images, dtype="float32"):
        return images.reshape(len(images), -1).astype(dtype) / 256  # (n, 28, 28) -> (n, 784)


class normalised_by_mean_and_deviation(Mistake):
    caught_by = catchers.PIXELS

    def preprocess(images, dtype="float32"):
        return (images.reshape(len(images), -1).astype(dtype) / 255 - 0.1307) / 0.3081  # (n, 28, 28) -> (n, 784)


class pixels_through_float16(Mistake):
    caught_by = catchers.PIXELS

    def preprocess(images, dtype="float32"):
        return (images.reshape(len(images), -1) / 255).astype("float16").astype(dtype)  # (n, 28, 28) -> (n, 784)


class images_transposed(Mistake):
    caught_by = catchers.CORNER

    def preprocess(images, dtype="float32"):
        return images.transpose(0, 2, 1).reshape(len(images), -1).astype(dtype) / 255  # (n, 28, 28) -> (n, 784)


class test_images_in_the_training_set(Mistake):
    caught_by = catchers.LOADER

    def load_mnist(folder):
        return [tutorial.load_mnist(folder)[1]] * 2


class kernel_transposed(Mistake):
    caught_by = catchers.SET

    class Adapter(adapter.Adapter):
        def assign(self, arrays):
            super().assign([array.reshape(array.shape[::-1]).T for array in arrays])


class bias_missing(Mistake):
    caught_by = catchers.COUNT

    def build_mlp():
        return changed(tutorial.build_mlp(), 1, keras.layers.Dense(256, activation="relu", use_bias=False))


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

    def build_mlp():
        return changed(tutorial.build_mlp(), 1, keras.layers.Dense(256))


class relu_leaky(Mistake):
    caught_by = catchers.LOGITS

    def build_mlp():
        return changed(tutorial.build_mlp(), 0, keras.layers.Dense(512, activation="leaky_relu"))


class bias_set_but_ignored(Mistake):
    caught_by = catchers.LOGITS

    def build_mlp():
        class Unbiased(keras.layers.Dense):
            def call(self, x):
                return self.activation(keras.ops.matmul(x, self.kernel))

        return changed(tutorial.build_mlp(), 0, Unbiased(512, activation="relu"))


class softmax_twice(Mistake):
    caught_by = catchers.SOFTMAX

    def predict(model, x):
        return keras.ops.softmax(keras.ops.softmax(model.predict_on_batch(x)))


class softmax_before_the_loss(Mistake):
    caught_by = catchers.LOSS

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(settings, loss_fn=keras.losses.CategoricalCrossentropy())


class loss_summed(Mistake):
    caught_by = catchers.LOSS

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(settings, loss_fn=keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum"))


class labels_smoothed(Mistake):
    caught_by = catchers.LOSS

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            smoothed = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.01)
            super().__init__(settings, loss_fn=smoothed)


class labels_shifted_one_hot_off_by_one(Mistake):
    caught_by = catchers.LOSS

    def one_hot(labels):
        return keras.utils.to_categorical((labels + 1) % 10, 10).astype("float32")


class accuracy_that_is_always_perfect(Mistake):
    caught_by = catchers.EVALUATION

    def evaluate(model, x, y):
        return model.evaluate(x, y, batch_size=1000, verbose=0)[0], 1.0


class gradients_halved(Mistake):
    caught_by = catchers.GRADIENTS

    class Adapter(adapter.Adapter):
        def gradients(self, batch):
            loss, gradients = super().gradients(batch)
            return loss, [gradient / 2 for gradient in gradients]


class gradients_clipped(Mistake):
    caught_by = catchers.MOMENTS

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon, global_clipnorm=0.5)


class beta_2_too_small(Mistake):
    caught_by = catchers.MOMENTS

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=0.99, epsilon=epsilon)


class learning_rate_2_percent_off(Mistake):
    caught_by = catchers.STEP

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate * 1.02, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


class epsilon_native_where_aligned_is_claimed(Mistake):
    caught_by = catchers.STEP

    class Adapter(adapter.Adapter):
        def __init__(self, settings):
            super().__init__(replace(settings, epsilon=None))


class no_bias_correction(Mistake):
    caught_by = catchers.STEP

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        class Uncorrected(keras.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                t = keras.ops.cast(step + 1, keras.config.floatx())
                return learning_rate * (1 - beta_1**t) / (1 - beta_2**t) ** 0.5

        return keras.optimizers.Adam(Uncorrected(), beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


class weight_decay(Mistake):
    caught_by = catchers.STEP_64

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon, weight_decay=1e-5)


class step_returns_before_it_is_done(Mistake):
    caught_by = catchers.STEP

    def train_step(model, x, y):
        threading.Timer(0.5, tutorial.train_step, (model, x, y)).start()
        return 2.3


class gradients_accumulated_across_steps(Mistake):
    caught_by = catchers.FIT

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon, gradient_accumulation_steps=2)


class amsgrad(Mistake):
    caught_by = catchers.FIT_64

    def make_optimizer(learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon, amsgrad=True)


class one_epoch_too_few(Mistake):
    caught_by = catchers.HISTORY

    class Adapter(adapter.Adapter):
        def train(self, batch, epochs, report):
            super().train(batch, epochs - 1, report)


class last_partial_batch_dropped(Mistake):
    caught_by = catchers.ONCE

    def train_epoch(model, x, y, batch_size=128):
        order = np.random.permutation(len(x))[: len(x) // batch_size * batch_size]
        return tutorial.train_epoch(model, x[order], y[order], batch_size)


class shuffle_never_applied(Mistake):
    caught_by = catchers.SHUFFLES

    def train_epoch(model, x, y, batch_size=128):
        return model.fit(x, y, batch_size, verbose=0, shuffle=False).history["loss"][0]


class shuffled_once_for_all_epochs(Mistake):
    caught_by = catchers.ANEW

    def train_epoch(model, x, y, batch_size=128):
        order = np.random.default_rng(0).permutation(len(x))
        return model.fit(x[order], y[order], batch_size, verbose=0, shuffle=False).history["loss"][0]


class parameters_are_not_a_copy(Mistake):
    caught_by = catchers.COPY

    class Adapter(adapter.Adapter):
        def get_parameters(self):
            self.kept = getattr(self, "kept", None) or super().get_parameters()
            return self.kept


class logits_are_timed_in_place_of_probabilities(Mistake):
    caught_by = catchers.TIMED

    class Adapter(adapter.Adapter):
        def predict_step(self, batch):
            return self.forward(batch[0])


class keeps_every_gradient(Mistake):
    caught_by = catchers.MEMORY

    class Adapter(adapter.Adapter):
        def train_step(self, batch):
            self.kept = [*getattr(self, "kept", []), self.model.get_weights()]
            return super().train_step(batch)


class bias_of_a_convolution_missing(Mistake):
    caught_by = catchers.COUNT
    network = "cnn"

    def build_cnn():
        unbiased = keras.layers.Conv2D(64, 3, padding="same", activation="relu", use_bias=False)
        return changed(tutorial.build_cnn(), CONV_2, unbiased)


def turned_kernels(turn):
    """Return the CNN with `turn(kernel)` for each kernel of a convolution, (height, width, inputs, outputs)."""

    class Conv2D(keras.layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, turn(kernel))

    model = changed(tutorial.build_cnn(), CONV_1, Conv2D(32, 3, padding="same", activation="relu"))
    return changed(model, CONV_2, Conv2D(64, 3, padding="same", activation="relu"))


class kernel_height_and_width_exchanged(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return turned_kernels(lambda kernel: keras.ops.swapaxes(kernel, 0, 1))


class convolution_where_cross_correlation_is_meant(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return turned_kernels(lambda kernel: keras.ops.flip(kernel, (0, 1)))


class channels_in_reverse_order(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return turned_kernels(lambda kernel: keras.ops.flip(kernel, 2))


class flattened_in_another_order(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return changed(tutorial.build_cnn(), FLATTEN, keras.layers.Permute((3, 1, 2)), keras.layers.Flatten())


class last_kernel_never_transposed(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        class Dense(keras.layers.Dense):
            def call(self, x):
                kernel = keras.ops.transpose(keras.ops.reshape(self.kernel, (10, 128)))  # (128, 10) -> (128, 10)
                return keras.ops.matmul(x, kernel) + self.bias

        return changed(tutorial.build_cnn(), DENSE_2, Dense(10))


class padded_on_the_wrong_side(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        padding = keras.layers.ZeroPadding2D(((0, 2), (0, 2)))
        return changed(tutorial.build_cnn(), CONV_2, padding, keras.layers.Conv2D(64, 3, activation="relu"))


def padded_with_the_edge(position, filters):
    """Return the CNN with the outermost values repeated around the input of the convolution at `position`."""
    padding = keras.layers.Lambda(lambda x: keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge"))
    return changed(tutorial.build_cnn(), position, padding, keras.layers.Conv2D(filters, 3, activation="relu"))


class images_padded_with_their_edge(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return padded_with_the_edge(CONV_1, 32)


class features_padded_with_their_edge(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return padded_with_the_edge(CONV_2, 64)


class relu_missing_after_the_second_convolution(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        return changed(tutorial.build_cnn(), CONV_2, keras.layers.Conv2D(64, 3, padding="same"))


class relu_with_a_slope_at_zero(Mistake):
    caught_by = catchers.GRADIENTS
    network = "cnn"

    def build_cnn():
        sloped = keras.layers.Conv2D(32, 3, padding="same", activation=lambda x: keras.ops.maximum(x, 0))
        return changed(tutorial.build_cnn(), CONV_1, sloped)


class pooled_by_the_average(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        model = changed(tutorial.build_cnn(), POOL_1, keras.layers.AveragePooling2D(2))
        return changed(model, POOL_2, keras.layers.AveragePooling2D(2))


class pooled_in_windows_that_overlap(Mistake):
    caught_by = catchers.LOGITS
    network = "cnn"

    def build_cnn():
        model = changed(tutorial.build_cnn(), POOL_1, keras.layers.MaxPooling2D(3, 2, padding="same"))
        return changed(model, POOL_2, keras.layers.MaxPooling2D(3, 2, padding="same"))


def max_pool_to_all(x):
    """Pool by 2, with a gradient for all values that equal the maximum: (n, h, w, c) -> (n, h / 2, w / 2, c)."""
    _, height, width, channels = x.shape
    windows = keras.ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))
    values = keras.ops.stop_gradient(windows)
    largest = keras.ops.amax(values, (2, 4), keepdims=True)
    gradient = (windows - values) * keras.ops.cast(values == largest, x.dtype)
    return largest[:, :, 0, :, 0] + keras.ops.sum(gradient, (2, 4))


class gradient_of_the_maximum_to_all_that_are_equal(Mistake):
    caught_by = catchers.GRADIENTS
    network = "cnn"

    def build_cnn():
        model = changed(tutorial.build_cnn(), POOL_1, keras.layers.Lambda(max_pool_to_all))
        return changed(model, POOL_2, keras.layers.Lambda(max_pool_to_all))


class dropout_left_on(Mistake):
    caught_by = catchers.ORDER
    network = "cnn"

    def build_cnn():
        class AlwaysOn(keras.layers.Dropout):
            def call(self, x, training=False):
                return super().call(x, training=True)

        hidden = keras.layers.Dense(128, activation="relu")
        return changed(tutorial.build_cnn(), DENSE_1, hidden, AlwaysOn(0.5))
