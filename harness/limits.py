"""How far an implementation may be from the referee, and why: the same limits for every variant."""

# Hyperparameters that float32 holds exactly. It does not hold beta_2 = 0.999: where the correction 1 - beta_2**t is
# computed in float32 it is off by 1.3e-5 at the first step, and that alone grows to 3 % of the loss in 100 steps.
EXACT_HYPERPARAMETERS = {
    "learning_rate": 2.0**-10,
    "beta_1": 29 / 32,
    "beta_2": 1 - 2.0**-10,
    "epsilon": 2.0**-23,  # a number: aligned
}

# Errors are relative to the largest entry of the tensor they are in.

# Logits, loss, gradients, moments: sums of up to 784 products, whose roundings partly cancel.
PASS = {"float32": 2e-6, "float64": 1e-13}

# The moments of Adam: v squares the gradients, which doubles their error.
MOMENTS = {dtype: 2 * limit for dtype, limit in PASS.items()}

# Parameters after one step of Adam, relative to the learning rate: m / (sqrt(v) + epsilon) amplifies where v is near 0.
STEP = {"float32": 2e-3, "float64": 1e-11}

# Loss of each of many steps. float32 is chaotic after some hundred, so it is held to the first hundred of an epoch.
STEPS = {"float32": 100, "float64": 469}  # 469 batches of 128 are the 60,000 images
STARTS = {"float32": 3, "float64": 1}  # from which that is tried: one ReLU that flips parts the paths of float32
STEPS_LOSS = {"float32": 1e-5, "float64": 1e-12}

# Parameters after each of those steps; in float32 they drift apart while the loss still agrees.
STEPS_PARAMETERS = {"float64": 1e-11}

# Epochs of `fit` on one batch: few enough that the loss, to which the error is relative, stays far above 0.
FIT_EPOCHS = 20
