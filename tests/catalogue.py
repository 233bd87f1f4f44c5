"""Deliberately wrong implementations: what each changes in impls/, and the test that is meant to catch it."""

from typing import NamedTuple

Change = tuple[str, str]  # text that stands in the file, what takes its place


class Control(NamedTuple):
    """A mistake, made in PyTorch and in Keras. `{}` in `caught_by` stands for the variant."""

    name: str
    caught_by: str
    pytorch: list[Change]
    keras: list[Change]


PIXELS = "tests/test_preprocessing.py::test_each_of_the_256_pixel_values[{}]"
CORNER = "tests/test_preprocessing.py::test_a_single_lit_pixel_stays_where_it_is[{}-0-27]"
LOADER = "tests/test_dataset.py::test_what_a_framework_loads_is_mnist[{}]"
COUNT = "tests/test_network.py::test_parameter_count_by_the_framework[{}]"
SET = "tests/test_network.py::test_parameters_that_were_set_are_the_parameters[{}]"
SEED = "tests/test_network.py::test_same_seed_same_parameters_other_seed_others[{}]"
DTYPE = "tests/test_network.py::test_parameters_and_outputs_have_the_dtype_of_the_settings[{}-float64]"
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
            ("return read_mnist(directory)", "return (read_mnist(directory)[1],) * 2"),
        ],
    ),
    Control(
        "kernel_transposed",
        SET,
        [("torch.from_numpy(parameters[name].T)", "torch.from_numpy(parameters[name]).reshape(parameter.shape)")],
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
                "def build_model():",
                "class Unbiased(keras.layers.Dense):\n    def call(self, x):\n"
                "        return self.activation(keras.ops.matmul(x, self.kernel))\n\n\ndef build_model():",
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
                "def build_model():",
                "class Uncorrected(keras.optimizers.schedules.LearningRateSchedule):\n"
                "    def __init__(self, settings):\n        self.s = settings\n\n"
                "    def __call__(self, step):\n        t = keras.ops.cast(step + 1, self.s.dtype)\n"
                "        correction = (1 - self.s.beta_1**t) / (1 - self.s.beta_2**t) ** 0.5\n"
                "        return self.s.learning_rate * correction\n\n\ndef build_model():",
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
        [('.T.copy(order="C")', ".T")],
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
]
