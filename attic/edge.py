"""Train a network, quantize it, and write its files: what `python -m impls.edge.pytorch` and its siblings run."""

from pathlib import Path

from impls._main import told_in_a_line
from impls.edge import Trained
from impls.edge._files import written
from impls.quantization._main import options_of, trained

SUFFIXES = {"litert": "tflite", "onnx": "onnx", "executorch": "pte", "stablehlo": "mlir"}


def deploy(float_class, quantized_class, roads) -> None:
    """`roads`: functions of the file by what they write. What they need and is not installed is named."""
    parser = options_of("Train a network on MNIST, quantize it, and write files for devices.")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the files go (default: here)")
    options = parser.parse_args()
    with told_in_a_line():
        classifier, quantized = trained(options, float_class, quantized_class)
        parameters = {"float": classifier.get_parameters(), "int8": quantized.get_parameters()}
        for written_as, road in roads.items():
            for kind, each in parameters.items():
                path = options.folder / f"{options.network}-{kind}.{SUFFIXES[written_as]}"
                export(road, Trained(options.network, each, quantized.scales), path, kind)


def export(road, trained, path, kind):
    try:
        if road.__name__ == "to_stablehlo":
            with written(path) as temporary:
                temporary.write_text(road(trained, kind))
        else:
            road(trained, path, kind)
        print(f"{path}: {path.stat().st_size:,} bytes")
    except ImportError as error:
        print(f"{path}: not written, {error}")
