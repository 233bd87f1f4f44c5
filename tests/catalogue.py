"""Deliberately wrong implementations: what each changes in impls/, and the test that is meant to catch it."""

from typing import NamedTuple

Change = tuple[str, str]  # text that stands in the file, what takes its place


class Control(NamedTuple):
    """A mistake, made in PyTorch and in Keras. `{}` in `caught_by` stands for the variant and its network."""

    name: str
    caught_by: str
    pytorch: list[Change]
    keras: list[Change]
    network: str = "mlp"


PIXELS = "tests/test_preprocessing.py::test_each_of_the_256_pixel_values[{}]"
CORNER = "tests/test_preprocessing.py::test_a_single_lit_pixel_stays_where_it_is[{}-0-27]"
LOADER = "tests/test_dataset.py::test_what_a_framework_loads_is_mnist[{}]"
COUNT = "tests/test_network.py::test_parameter_count_by_the_framework[{}]"
SET = "tests/test_network.py::test_parameters_that_were_set_are_the_parameters[{}]"
SEED = "tests/test_network.py::test_same_seed_same_parameters_other_seed_others[{}]"
DTYPE = "tests/test_network.py::test_parameters_and_outputs_have_the_dtype_of_the_settings[{}-float64]"
ORDER = "tests/test_output.py::test_order_of_the_batch_does_not_matter[{}]"
SOFTMAX = "tests/test_output.py::test_probabilities_are_the_softmax_of_the_logits[{}]"
HISTORY = "tests/test_training.py::test_fit_reports_each_epoch_and_learns[{}]"
TIMED = "tests/test_training.py::test_whatever_is_timed_works_once_and_is_recorded[{}]"
LOGITS = "tests/test_ladder.py::test_logits[float32-{}]"
LOSS = "tests/test_ladder.py::test_loss[float32-{}]"
EVALUATION = "tests/test_ladder.py::test_evaluation[float32-{}]"
GRADIENTS = "tests/test_ladder.py::test_gradients[float32-{}]"
STEP = "tests/test_ladder.py::test_one_step[float32-{}]"
STEP_64 = "tests/test_ladder.py::test_one_step[float64-{}]"
MOMENTS = "tests/test_ladder.py::test_moments[float32-{}]"
FIT = "tests/test_ladder.py::test_fit[float32-{}]"
FIT_64 = "tests/test_ladder.py::test_fit[float64-{}]"
ONCE = "tests/test_ladder.py::test_fit_uses_every_image_once[{}]"
SHUFFLES = "tests/test_ladder.py::test_fit_shuffles_by_the_seed[{}]"
ANEW = "tests/test_ladder.py::test_fit_shuffles_anew_in_each_epoch[{}]"
MEMORY = "tests/test_memory.py::test_training_steps_keep_nothing[{}]"

TORCH_PIXELS = "return images.to(self.dtype).flatten(start_dim=1) / 255"
KERAS_PIXELS = "return pixels / keras.ops.full_like(pixels, 255)"
KERAS_CAST = "pixels = keras.ops.cast(check_images(images), self.settings.dtype)"
TORCH_ADAM = "fused=True,"
KERAS_ADAM = "beta_1=settings.beta_1,"
TORCH_PROBABILITIES = "return self.predict_step((self._pixels(images), None))"
TORCH_STEP = "self.optimizer.step()"
TORCH_KEEPS = f"{TORCH_STEP}; self.kept = getattr(self, 'kept', []) + [p.grad for p in self.model.parameters()]"
KERAS_STEP = "return self.model.train_on_batch(*batch)"
KERAS_KEEPS = f"self.kept = getattr(self, 'kept', []) + [self.model.get_weights()]; {KERAS_STEP}"

TORCH_CNN = "class CNN(nn.Module):"
TORCH_CONV_1 = 'nn.Conv2d(1, 32, 3, padding="same")'
TORCH_CONV_2 = 'nn.Conv2d(32, 64, 3, padding="same")'
KERAS_CNN = "def build_cnn():"
KERAS_CONV_1 = 'Conv2D(32, 3, padding="same", activation="relu")'
KERAS_CONV_2 = 'Conv2D(64, 3, padding="same", activation="relu")'
KERAS_EDGE = 'Lambda(lambda x: keras.ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")), keras.layers.'
# With a gradient for all that are equal to the maximum.
TORCH_MAX_POOL = (
    "def max_pool(x, size):\n    windows = x.unflatten(3, (-1, size)).unflatten(2, (-1, size))\n"
    "    largest = windows.detach().amax((3, 5), keepdim=True)\n"
    "    gradient = (windows - windows.detach()) * (windows == largest)\n"
    "    return largest[:, :, :, 0, :, 0] + gradient.sum((3, 5))\n\n\n"
)
KERAS_MAX_POOL = (
    "def max_pool(x):\n    _, height, width, channels = x.shape\n"
    "    windows = keras.ops.reshape(x, (-1, height // 2, 2, width // 2, 2, channels))\n"
    "    values = keras.ops.stop_gradient(windows)\n"
    "    largest = keras.ops.amax(values, (2, 4), keepdims=True)\n"
    "    gradient = (windows - values) * keras.ops.cast(values == largest, x.dtype)\n"
    "    return largest[:, :, 0, :, 0] + keras.ops.sum(gradient, (2, 4))\n\n\n"
)


def torch_kernels(turned: str) -> list[Change]:
    """Those of convolutions are `turned` whenever they are set and looked at: (outputs, inputs, height, width)."""
    return [
        ("array.permute(2, 1, 0).reshape(own.shape)", "turned(array.permute(2, 1, 0).reshape(own.shape))"),
        ("own.detach()", "turned(own.detach())"),
        (TORCH_CNN, f"def turned(kernel):\n    return {turned} if kernel.ndim == 4 else kernel\n\n\n{TORCH_CNN}"),
    ]


def keras_kernels(turned: str) -> list[Change]:
    """Those of convolutions are `turned` whenever they are set and looked at: (height, width, inputs, outputs)."""
    return [
        ("assign(parameters[name])", "assign(turned(parameters[name]))"),
        ("np.array(keras.ops.convert_to_numpy(tensor))", "np.array(turned(keras.ops.convert_to_numpy(tensor)))"),
        (KERAS_CNN, f"def turned(kernel):\n    return {turned} if kernel.ndim == 4 else kernel\n\n\n{KERAS_CNN}"),
    ]


CONTROLS = [
    Control("no_scaling", PIXELS, [(" / 255", "")], [(KERAS_PIXELS, "return pixels")]),
    Control("divided_by_256", PIXELS, [("/ 255", "/ 256")], [("(pixels, 255)", "(pixels, 256)")]),
    Control(
        "normalised_by_mean_and_deviation",
        PIXELS,
        [(TORCH_PIXELS, f"{TORCH_PIXELS} / 0.3081 - 0.1307 / 0.3081")],
        [(KERAS_PIXELS, f"{KERAS_PIXELS} / 0.3081 - 0.1307 / 0.3081")],
    ),
    Control(
        "pixels_through_float16",
        PIXELS,
        [(TORCH_PIXELS, "return (images.flatten(start_dim=1) / 255).half().to(self.dtype)")],
        [(KERAS_PIXELS, "return keras.ops.cast(keras.ops.cast(pixels / 255, 'float16'), self.settings.dtype)")],
    ),
    Control(
        "images_transposed",
        CORNER,
        [("images.to(self.dtype)", "images.to(self.dtype).transpose(1, 2)")],
        [(KERAS_CAST, f"{KERAS_CAST}; pixels = keras.ops.transpose(pixels, (0, 2, 1))")],
    ),
    Control(
        "test_images_in_the_training_set",
        LOADER,
        [("for part in (train, test)", "for part in (test, test)")],
        [
            ("return keras.datasets.mnist.load_data()", "return (keras.datasets.mnist.load_data()[1],) * 2"),
            ("return read_dataset(directory)", "return (read_dataset(directory)[1],) * 2"),
        ],
    ),
    Control(
        "kernel_transposed",
        SET,
        [("array.permute(2, 1, 0)", "array")],
        [("assign(parameters[name])", "assign(np.asarray(parameters[name]).reshape(variable.shape[::-1]).T)")],
    ),
    Control(
        "bias_missing",
        COUNT,
        [("nn.Linear(512, 256)", "nn.Linear(512, 256, bias=False)")],
        [('Dense(256, activation="relu")', 'Dense(256, activation="relu", use_bias=False)')],
    ),
    Control(
        "seed_ignored",
        SEED,
        [("torch.manual_seed(settings.seed)", "torch.manual_seed(0)")],
        [("set_random_seed(settings.seed)", "set_random_seed(0)")],
    ),
    Control(
        "float32_where_float64_is_asked",
        DTYPE,
        [("getattr(torch, settings.dtype)", "torch.float32")],
        [("set_dtype_policy(settings.dtype)", 'set_dtype_policy("float32")')],
    ),
    Control(
        "relu_missing_after_the_second_layer",
        LOGITS,
        [("F.relu(self.dense_2(x))", "self.dense_2(x)")],
        [('Dense(256, activation="relu")', "Dense(256)")],
    ),
    Control(
        "relu_leaky",
        LOGITS,
        [("F.relu(self.dense_1(x))", "F.leaky_relu(self.dense_1(x))")],
        [('Dense(512, activation="relu")', 'Dense(512, activation="leaky_relu")')],
    ),
    Control(
        "bias_set_but_ignored",
        LOGITS,
        [("F.relu(self.dense_1(x))", "F.relu(F.linear(x, self.dense_1.weight))")],
        [
            ('keras.layers.Dense(512, activation="relu")', 'Unbiased(512, activation="relu")'),
            (
                "def build_mlp():",
                "class Unbiased(keras.layers.Dense):\n    def call(self, x):\n"
                "        return self.activation(keras.ops.matmul(x, self.kernel))\n\n\ndef build_mlp():",
            ),
        ],
    ),
    Control(
        "softmax_twice",
        SOFTMAX,
        [("F.softmax(self.model(pixels), dim=1)", "F.softmax(F.softmax(self.model(pixels), dim=1), dim=1)")],
        [("keras.layers.Softmax()]", "keras.layers.Softmax(), keras.layers.Softmax()]")],
    ),
    Control(
        "softmax_before_the_loss",
        LOSS,
        [("self.loss(self.model(pixels), labels)", "self.loss(F.softmax(self.model(pixels), dim=1), labels)")],
        [("CategoricalCrossentropy(from_logits=True)", "CategoricalCrossentropy()")],
    ),
    Control(
        "loss_summed",
        LOSS,
        [("nn.CrossEntropyLoss()", 'nn.CrossEntropyLoss(reduction="sum")')],
        [("from_logits=True", 'from_logits=True, reduction="sum"')],
    ),
    Control(
        "labels_smoothed",
        LOSS,
        [("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(label_smoothing=0.01)")],
        [("from_logits=True", "from_logits=True, label_smoothing=0.01")],
    ),
    Control(
        "labels_shifted_one_hot_off_by_one",
        LOSS,
        [("check_labels(labels, len(images))", "(check_labels(labels, len(images)) + 1) % 10")],
        [("check_labels(labels, len(images))", "(check_labels(labels, len(images)) + 1) % 10")],
    ),
    Control(
        "accuracy_that_is_always_perfect",
        EVALUATION,
        [("accuracy.item()", "1.0")],
        [("float(np.mean(logits.argmax(axis=1) == labels))", "1.0")],
    ),
    Control(
        "gradients_halved",
        GRADIENTS,
        [("torch.autograd.grad(loss,", "torch.autograd.grad(loss / 2,")],
        [("self._get_variable_index(variable)], gradient)", "self._get_variable_index(variable)], gradient / 2)")],
    ),
    Control(
        "gradients_clipped",
        MOMENTS,
        [(TORCH_STEP, f"nn.utils.clip_grad_norm_(self.model.parameters(), 0.5); {TORCH_STEP}")],
        [(KERAS_ADAM, f"global_clipnorm=0.5, {KERAS_ADAM}")],
    ),
    Control(
        "beta_2_too_small",
        MOMENTS,
        [("settings.beta_2),", "0.99),")],
        [("beta_2=settings.beta_2", "beta_2=0.99")],
    ),
    Control(
        "learning_rate_2_percent_off",
        STEP,
        [("lr=settings.learning_rate", "lr=settings.learning_rate * 1.02")],
        [("settings.learning_rate,", "settings.learning_rate * 1.02,")],
    ),
    Control(
        "epsilon_native_where_aligned_is_claimed",
        STEP,
        [("if self.settings.epsilon is not None:", "if False:")],
        [('{"epsilon": settings.epsilon}', "{}")],
    ),
    Control(
        "no_bias_correction",
        STEP,
        [
            (
                "self.steps += 1",
                "self.steps += 1; s, t = self.settings, self.steps; self.optimizer.param_groups[0]['lr'] = "
                "s.learning_rate * (1 - s.beta_1**t) / (1 - s.beta_2**t) ** 0.5",
            )
        ],
        [
            ("settings.learning_rate,", "Uncorrected(settings),"),
            (
                "def build_mlp():",
                "class Uncorrected(keras.optimizers.schedules.LearningRateSchedule):\n"
                "    def __init__(self, settings):\n        self.s = settings\n\n"
                "    def __call__(self, step):\n        t = keras.ops.cast(step + 1, self.s.dtype)\n"
                "        correction = (1 - self.s.beta_1**t) / (1 - self.s.beta_2**t) ** 0.5\n"
                "        return self.s.learning_rate * correction\n\n\ndef build_mlp():",
            ),
        ],
    ),
    Control(
        "weight_decay",
        STEP_64,
        [(TORCH_ADAM, f"weight_decay=1e-5, {TORCH_ADAM}")],
        [(KERAS_ADAM, f"weight_decay=1e-5, {KERAS_ADAM}")],
    ),
    Control(
        "step_returns_before_it_is_done",
        STEP,
        [
            (
                "def train_step(self, batch):",
                "def train_step(self, batch):\n"
                "        threading.Timer(0.5, self.late_step, [batch]).start()\n        return torch.tensor(2.3)\n\n"
                "    def late_step(self, batch):",
            ),
            ("import numpy as np", "import threading\n\nimport numpy as np"),
        ],
        [
            (
                KERAS_STEP,
                "threading.Timer(0.5, self.model.train_on_batch, batch).start(); return 2.3",
            ),
            ("import numpy as np", "import threading\n\nimport numpy as np"),
        ],
    ),
    Control(
        "gradients_accumulated_across_steps",
        FIT,
        [("self.optimizer.zero_grad()", "pass")],
        [(KERAS_ADAM, f"gradient_accumulation_steps=2, {KERAS_ADAM}")],
    ),
    Control(
        "amsgrad",
        FIT_64,
        [(TORCH_ADAM, f"amsgrad=True, {TORCH_ADAM}")],
        [(KERAS_ADAM, f"amsgrad=True, {KERAS_ADAM}")],
    ),
    Control(
        "one_epoch_too_few",
        HISTORY,
        [("check_epochs(epochs) + 1", "check_epochs(epochs)")],
        [("check_epochs(epochs) + 1", "check_epochs(epochs)")],
    ),
    Control(
        "last_partial_batch_dropped",
        ONCE,
        [(".split(self.settings.batch_size)", ".split(self.settings.batch_size)[: len(labels) // 128]")],
        [("fit(pixels, one_hot,", "fit(pixels[:256], one_hot[:256],")],
    ),
    Control(
        "shuffle_never_applied",
        SHUFFLES,
        [("torch.randperm(len(labels)", "torch.arange(len(labels)")],
        [("verbose=0)", "verbose=0, shuffle=False)")],
    ),
    Control(
        "shuffled_once_for_all_epochs",
        ANEW,
        [
            ("in torch.randperm(len(labels), device=self.device).split", "in order.split"),
            ("for epoch in range(1,", "order = torch.randperm(len(labels))\n        for epoch in range(1,"),
        ],
        [
            ("verbose=0)", "verbose=0, shuffle=False)"),
            (
                "for epoch in range(1,",
                "order = np.random.permutation(len(pixels))\n"
                "        pixels, one_hot = pixels[order], one_hot[order]\n        for epoch in range(1,",
            ),
        ],
    ),
    Control(
        "parameters_are_not_a_copy",
        "tests/test_network.py::test_parameters_are_a_copy[{}]",
        [(".reshape(shape).copy()", ".reshape(shape)")],
        [
            (
                "return self._named_arrays(self.model.trainable_variables)",
                "self.cached = getattr(self, 'cached', None) or self._named_arrays(self.model.trainable_variables); "
                "return self.cached",
            )
        ],
    ),
    Control(
        "logits_are_timed_in_place_of_probabilities",
        TIMED,
        [
            ("return F.softmax(self.model(pixels), dim=1)", "return self.model(pixels)"),
            (TORCH_PROBABILITIES, f"return F.softmax({TORCH_PROBABILITIES.removeprefix('return ')}, dim=1)"),
        ],
        [
            ("return self.predictor.predict_on_batch(pixels)", "return self.model.predict_on_batch(pixels)"),
            (
                "return self.predict_step((self._pixels(images), None))",
                "return self.predictor.predict_on_batch(self._pixels(images))",
            ),
        ],
    ),
    Control("keeps_every_gradient", MEMORY, [(TORCH_STEP, TORCH_KEEPS)], [(KERAS_STEP, KERAS_KEEPS)]),
    Control(
        "bias_of_a_convolution_missing",
        COUNT,
        [(TORCH_CONV_2, TORCH_CONV_2.replace(")", ", bias=False)"))],
        [(KERAS_CONV_2, KERAS_CONV_2.replace(")", ", use_bias=False)"))],
        "cnn",
    ),
    Control(
        "kernel_height_and_width_exchanged",
        LOGITS,
        torch_kernels("kernel.mT"),
        keras_kernels("kernel.swapaxes(0, 1)"),
        "cnn",
    ),
    Control(
        "convolution_where_cross_correlation_is_meant",
        LOGITS,
        torch_kernels("kernel.flip(2, 3)"),
        keras_kernels("kernel[::-1, ::-1]"),
        "cnn",
    ),
    Control(
        "channels_in_reverse_order",
        LOGITS,
        torch_kernels("kernel.flip(1)"),
        keras_kernels("kernel[:, :, ::-1]"),
        "cnn",
    ),
    Control(
        "flattened_in_another_order",
        LOGITS,
        [("if len(shape) > 1 else 1", "if len(shape) > 2 else 1")],
        [("keras.layers.Flatten()", "keras.layers.Permute((3, 1, 2)), keras.layers.Flatten()")],
        "cnn",
    ),
    Control(
        "last_kernel_never_transposed",
        LOGITS,
        [
            ("array.permute(2, 1, 0)", "(array if len(own) == 10 else array.permute(2, 1, 0))"),
            ("array.transpose(2, 1, 0)", "(array if len(own) == 10 else array.transpose(2, 1, 0))"),
        ],
        [
            (
                "variable.assign(parameters[name])",
                "array = parameters[name]; "
                "variable.assign(array.reshape(array.shape[::-1]).T if array.shape[-1] == 10 else array)",
            ),
            (
                "return dict(zip(self.network.shapes, arrays, strict=True))",
                "arrays = [array.T.reshape(array.shape) if array.shape[-1] == 10 else array for array in arrays]; "
                "return dict(zip(self.network.shapes, arrays, strict=True))",
            ),
        ],
        "cnn",
    ),
    Control(
        "padded_on_the_wrong_side",
        LOGITS,
        [
            (TORCH_CONV_2, "nn.Conv2d(32, 64, 3)"),
            ("self.conv_2(x)", "self.conv_2(F.pad(x, (0, 2, 0, 2)))"),
        ],
        [
            (
                KERAS_CONV_2,
                f"ZeroPadding2D(((0, 2), (0, 2))), keras.layers.{KERAS_CONV_2.replace('same', 'valid')}",
            )
        ],
        "cnn",
    ),
    Control(
        "images_padded_with_their_edge",
        LOGITS,
        [(TORCH_CONV_1, TORCH_CONV_1.replace(")", ', padding_mode="replicate")'))],
        [(KERAS_CONV_1, KERAS_EDGE + KERAS_CONV_1.replace("same", "valid"))],
        "cnn",
    ),
    Control(
        "features_padded_with_their_edge",
        LOGITS,
        [(TORCH_CONV_2, TORCH_CONV_2.replace(")", ', padding_mode="replicate")'))],
        [(KERAS_CONV_2, KERAS_EDGE + KERAS_CONV_2.replace("same", "valid"))],
        "cnn",
    ),
    Control(
        "relu_missing_after_the_second_convolution",
        LOGITS,
        [("F.relu(self.conv_2(x))", "self.conv_2(x)")],
        [(KERAS_CONV_2, KERAS_CONV_2.replace(', activation="relu"', ""))],
        "cnn",
    ),
    Control(
        "relu_with_a_slope_at_zero",
        GRADIENTS,
        [("F.relu(self.conv_1(x))", "torch.maximum(self.conv_1(x), torch.zeros(()))")],
        [(KERAS_CONV_1, KERAS_CONV_1.replace('"relu"', "lambda x: keras.ops.maximum(x, 0)"))],
        "cnn",
    ),
    Control(
        "pooled_by_the_average",
        LOGITS,
        [("F.max_pool2d", "F.avg_pool2d")],
        [("MaxPooling2D()", "AveragePooling2D(2)")],
        "cnn",
    ),
    Control(
        "pooled_in_windows_that_overlap",
        LOGITS,
        [("(x)), 2)", "(x)), 3, 2, 1)")],
        [("MaxPooling2D()", 'MaxPooling2D(3, 2, padding="same")')],
        "cnn",
    ),
    Control(
        "gradient_of_the_maximum_to_all_that_are_equal",
        GRADIENTS,
        [
            ("F.max_pool2d", "max_pool"),
            (TORCH_CNN, TORCH_MAX_POOL + TORCH_CNN),
        ],
        [
            ("MaxPooling2D()", "Lambda(max_pool)"),
            (KERAS_CNN, KERAS_MAX_POOL + KERAS_CNN),
        ],
        "cnn",
    ),
    Control(
        "dropout_left_on",
        ORDER,
        [("F.relu(self.dense_1(x))", "F.dropout(F.relu(self.dense_1(x)))")],
        [
            (
                'keras.layers.Dense(128, activation="relu")',
                'keras.layers.Dense(128, activation="relu"), AlwaysOn(0.5)',
            ),
            (
                KERAS_CNN,
                "class AlwaysOn(keras.layers.Dropout):\n    def call(self, x, training=False):\n"
                f"        return super().call(x, training=True)\n\n\n{KERAS_CNN}",
            ),
        ],
        "cnn",
    ),
]
