"""Look at one tutorial in a separate process, which imports a framework: `python -m tests.called VARIANT FOLDER`.

Prints JSON: "error", the message of `main` where it finds no MNIST, and "unused", the functions of the tutorial that
its adapter never calls. FOLDER holds MNIST/raw/.
"""

import ast
import functools
import json
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np

import impls
from impls.contract import DATASET, NETWORKS, Settings

IMAGES, LABELS = np.zeros((3, *DATASET.image_shape), np.uint8), np.array([0, 1, 0])


def definitions(tutorial) -> list[str]:
    """Return the names of the functions and classes of the tutorial, without `main`."""
    body = ast.parse(Path(tutorial.__file__).read_text(encoding="utf-8")).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name != "main"]


def use(variant: str, folder: str) -> None:
    """Call everything that an adapter has; of all networks but the first the gradients alone, which take less time."""
    for network in reversed([name for name in impls.variants()[variant].networks if NETWORKS[name].file == "mnist"]):
        adapter = impls.load(variant, Settings(network, batch_size=2))
        adapter.loss_and_gradients(IMAGES, LABELS)
    adapter.logits(IMAGES)
    adapter.preprocess(IMAGES)
    adapter.train_step(adapter.prepare_batch(IMAGES, LABELS))
    adapter.fit(IMAGES, LABELS, 1)
    adapter.evaluate(IMAGES, LABELS)
    adapter.probabilities(IMAGES)
    adapter.load_dataset(folder)


def unused(tutorial, variant: str, folder: str) -> list[str]:
    """Return the functions and classes of the tutorial that are not called when its adapter is used."""
    called = set()

    def recorded(name):
        original = getattr(tutorial, name)

        def call(*arguments, **more):
            called.add(name)
            return original(*arguments, **more)

        return functools.update_wrapper(call, original)

    names = definitions(tutorial)
    replacements = {name: recorded(name) for name in names}
    models = {key: replacements.get(model.__name__, model) for key, model in tutorial.MODELS.items()}
    with patch.multiple(tutorial, MODELS=models, **replacements):
        use(variant, folder)
    return [name for name in names if name not in called]


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
    tutorial = impls.import_(variant, "mnist")
    impls.import_(variant)
    print(json.dumps({"error": error_without_data(tutorial), "unused": unused(tutorial, variant, folder)}))


if __name__ == "__main__":
    main()
