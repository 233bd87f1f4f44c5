"""Train a network, quantize it, and write its files for devices: `python -m impls.edge tensorflow --folder DIR`."""

from pathlib import Path

import impls
from impls import command_line, quantization
from impls.edge import EXPORTERS, SUFFIXES, Trained
from impls.edge._files import atomic_write


def main() -> None:
    """Write a float file and an int8 file for each runtime. Print the missing package of an export that is left out."""
    parser = quantization.parser("impls.edge", "Train a network on MNIST, quantize it, and write files for devices.")
    parser.add_argument("--folder", type=Path, default=Path(), help="folder of the files (default: the current one)")
    options = parser.parse_args()
    with command_line.errors_in_one_line():
        chapter = impls.import_(options.variant, "edge")  # before training: a missing package ends here
        implementation, quantized = quantization.train(options)
        parameters = {"float": implementation.get_parameters(), "int8": quantized.get_parameters()}
        for runtime, exporter in EXPORTERS[options.variant].items():
            suffix = "mlir" if exporter.function == "to_stablehlo" else SUFFIXES[runtime]
            for kind, each in parameters.items():
                path = options.folder / f"{options.network}-{kind}.{suffix}"
                trained = Trained(options.network, each, quantized.scales)
                export(getattr(chapter, exporter.function), trained, path, kind)


def export(function, trained, path, kind):
    """Write one file and print its size in bytes, or the reason why a package of the exporter is missing."""
    try:
        if function.__name__ == "to_stablehlo":
            with atomic_write(path) as temporary:
                temporary.write_text(function(trained, kind), encoding="utf-8")
        else:
            function(trained, path, kind)
        print(f"{path}: {path.stat().st_size:,} bytes")
    except ImportError as error:
        print(f"{path}: not written, {error}")


if __name__ == "__main__":
    main()
