"""The tolerances, each with its reason: the largest distances from the reference, the same for every variant."""

import math

from impls.contract import DATASET, Network

# Hyperparameters that float32 holds exactly. It does not hold beta_2 = 0.999: where the correction 1 - beta_2**t is
# computed in float32 it is off by 1.3e-5 at the first step, and that alone grows to 2 % of the loss in 100 steps.
EXACT_HYPERPARAMETERS = {
    "learning_rate": 2.0**-10,
    "beta_1": 29 / 32,
    "beta_2": 1 - 2.0**-10,
    "epsilon": 2.0**-23,  # a number: aligned
}

# A pixel: half the distance between neighbouring float32 in [0.5, 1]. The nearest one or nothing.
ONE_ROUNDING = 2.0**-25

# The sum of ten float32 probabilities, each rounded by at most 6e-8; and a probability against its float64 softmax.
ROW_SUM = 1e-6

# Logits of one image in another batch: float32 sums of many terms in another order. A mixed-up row is off by about 1.
BATCH_ORDER = 1e-5

# The losses of two trainings with the same seed, relative: threads may add in another order.
SAME_TRAINING = 1e-5

# Factor of the errors that a training of fewer epochs than `Network.epochs` may make. Of 10 seeds of each variant,
# the lowest accuracy of the MLP after one epoch is 95.46 %, of PyTorch; 94 % are required.
ERRORS_OF_FEWER_EPOCHS = 2

# The difference of two mean accuracies that does not matter to a user: 20 of 10,000 images.
ACCURACY_MARGIN = 0.002

# Errors are relative to the largest entry of the tensor they are in.

# Logits, loss, gradients: sums of hundreds of products, whose roundings partly cancel.
FORWARD_BACKWARD = {"float32": 2e-6, "float64": 1e-13}

# Gradients of parameters that are applied at several places of an image: sums over 100,352 pixels of a batch in a
# convolution, over 2,048 tokens in a transformer. In float32 errors up to 4e-6 were measured, up to 5e-6 in the latter.
FORWARD_BACKWARD_POSITIONS = {"float32": 1e-5, "float64": 1e-13}

# Parameters after one step of Adam, relative to the learning rate. The step is g / (|g| + 3.8e-6), where 3.8e-6 is
# epsilon / sqrt(1 - beta_2). So an error of 1e-8 in a gradient g near 0 becomes 2.6e-3. The largest gradients are 0.4,
# and float32 rounds 0.4 by up to 1.5e-8. The largest error measured is 2.1e-3, of images of 32 x 32 x 3.
STEP = {"float32": 1e-2, "float64": 1e-11}

# With batch normalization, gradients are differences of sums over 100,352 pixels. PyTorch's kernel adds these one after
# the other in float64, with errors up to 1.7e-12 (JAX and TensorFlow 1e-14); a step of Adam amplifies them to 1.3e-9.
# In float32 the errors from six starts are up to 8.6e-5, of PyTorch, and 9.1e-3 after the step.
FORWARD_BACKWARD_NORM = {"float32": 2e-4, "float64": 1e-11}
STEP_NORM = {"float32": 2e-2, "float64": 2e-9}

# Running means and variances after each step. In float64 the largest error is 6.3e-13, of PyTorch's kernel.
STATISTICS = {"float32": 1e-5, "float64": 1e-11}

# Loss of each of many steps. In float64 the equivalence tests take `STEPS`, and an epoch of batches of 128 with --long.
STEPS = 100
STEPS_OF_AN_EPOCH = max(STEPS, math.ceil(DATASET.train / 128))
SEEDS = {"float32": 3, "float64": 1}  # from which that is tried: one ReLU that flips parts the paths of float32
STEPS_LOSS = {"float32": 1e-5, "float64": 1e-12}

# Parameters after some of those steps, as they are megabytes; in float32 they drift apart while the loss still agrees.
STEPS_PARAMETERS = {"float64": 1e-11}
PARAMETERS_AFTER = (1, 2, 5, 10, 20, 50, 100, 200, STEPS_OF_AN_EPOCH)

# Memory that a training step may keep, as a part of what its gradients take. Pools of allocators grow for a while: by
# 0.11 a step in JAX, for the CNN of 32 x 32 x 3 images. A step that kept its gradients would keep 1.
KEPT_MEMORY = 0.5

# Bytes that a version may keep more of than another, for each step of `fit` and each prediction. A version and itself
# differ by at most 60 bytes a step, in each variant. The leak of NumPy 2.4.0, 2,632 bytes a step, must be seen.
KEPT_BY_STEP = 1024

# Epochs of `fit` on one batch: few enough that the loss, to which the error is relative, stays far above 0.
FIT_EPOCHS = 5


def has_convolutions(network: Network) -> bool:
    """Return whether the network has kernels with more than two dimensions."""
    return any(len(shape) > 2 for shape in network.shapes.values())


def gradient_tolerance(network: Network) -> dict[str, float]:
    """Return the tolerance of loss and gradients by dtype."""
    if network.state:
        return FORWARD_BACKWARD_NORM
    return FORWARD_BACKWARD_POSITIONS if network.positions else FORWARD_BACKWARD


def step_tolerance(network: Network) -> dict[str, float]:
    """Return the tolerance of the parameters after one step, relative to the learning rate, by dtype."""
    return STEP_NORM if network.state else STEP


def moment_tolerance(network: Network) -> dict[str, float]:
    """Return the tolerance of Adam's m and v by dtype. Squaring the gradients for v doubles their relative error."""
    return {dtype: 2 * limit for dtype, limit in gradient_tolerance(network).items()}


def followed_steps(network: Network, dtype: str, steps: int) -> int:
    """Return how many of `steps` steps a training must follow the reference: all in float64.

    In float32 the trainings part where a ReLU or a maximum flips: after some hundred steps, and sooner where more can
    flip. The ViT has neither, and stays within the limit for an epoch. A step of the MLP has 98,000 activations; one
    of the CNN has 4.8 million, and a million windows of pooling. Of 18 starts of the CNN (TensorFlow, PyTorch and JAX
    from six seeds) 17 leave a limit of 1e-5 within 100 steps, the earliest at step 12; within 10 steps the largest
    error is 6.7e-6.
    """
    if dtype == "float64" or network.smooth:
        return steps
    return min(steps, STEPS // 10 if has_convolutions(network) else STEPS)


def required_accuracy(network: Network, epochs: int) -> float:
    """Return the required accuracy on the test images, in [0, 1], after this number of epochs."""
    return network.accuracy if epochs >= network.epochs else 1 - ERRORS_OF_FEWER_EPOCHS * (1 - network.accuracy)
