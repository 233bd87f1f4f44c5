"""Look at one tutorial in a process of its own, as it imports a framework: `python -m tests.replaced VARIANT FOLDER`.

Prints JSON: "error", with which the tutorial ends where no MNIST is found, and "needless", the functions that its
adapter does not need: each is replaced by one that raises. FOLDER holds MNIST/raw/.
"""

import ast
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

import impls
from impls.contract import Settings

IMAGES, LABELS = np.zeros((3, 28, 28), np.uint8), np.array([0, 1, 2])


def definitions(tutorial) -> list[str]:
    """Return the names of the functions and classes of the tutorial, without `main`."""
    body = ast.parse(Path(tutorial.__file__).read_text()).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name != "main"]


def use(variant: str, folder: str, seed: int) -> None:
    """Call everything that an adapter has, for each network."""
    for network in reversed(impls.variants()[variant].networks):  # the CNN, if any, calls most functions
        adapter = impls.load(variant, Settings(network, batch_size=2, learning_rate=1e-3 + seed))
        adapter.logits(IMAGES)
        adapter.preprocess(IMAGES)
        adapter.loss_and_gradients(IMAGES, LABELS)
        adapter.train_step(adapter.prepare_batch(IMAGES, LABELS))
        adapter.fit(IMAGES, LABELS, 1)
        adapter.evaluate(IMAGES, LABELS)
        adapter.probabilities(IMAGES)
    adapter.load_dataset(folder)


def is_needed(tutorial, name: str, variant: str, folder: str, number: int) -> bool:
    """Return whether the adapter fails if `name` cannot be called. `number` differs in each call: adapters cache."""

    def replacement(*_, **__):
        raise RuntimeError(f"{name} is replaced")

    models = {key: replacement if model.__name__ == name else model for key, model in tutorial.MODELS.items()}
    with patch.multiple(tutorial, MODELS=models, **{name: replacement}):
        try:
            use(variant, folder, number)
        except Exception as error:
            if f"{name} is replaced" not in str(error):  # frameworks add to the message
                raise
            return True
    return False


def error_without_data(tutorial) -> str:
    """Return the message with which `main` ends; MNIST_DIR names an empty folder, and proxies refuse a download."""
    try:
        with patch.object(sys, "argv", ["mnist.py"]):
            tutorial.main()
    except SystemExit as ended:
        return str(ended.code)
    return "nothing was raised"


def main() -> None:
    variant, folder = sys.argv[1:]
    os.environ["JAX_DISABLE_JIT"] = "1"  # code that was compiled before would go on without the function
    tutorial = impls.import_(variant, "mnist")
    impls.import_(variant)
    error = error_without_data(tutorial)
    names = enumerate(definitions(tutorial), 1)
    needless = [name for number, name in names if not is_needed(tutorial, name, variant, folder, number)]
    print(json.dumps({"error": error, "needless": needless}))


if __name__ == "__main__":
    main()
