"""Export of the NumPy network: written by hand, as nodes of ONNX, and as lines of StableHLO for LiteRT."""

from pathlib import Path

from impls.edge import Trained
from impls.edge._graph import Graph
from impls.edge._program import Program


def to_onnx(trained: Trained, path: str | Path, kind: str) -> None:
    """Write an ONNX file for any number of images; `kind` is "float" or "int8"."""
    graph = Graph(trained, kind)
    graph.save(network(graph, trained.scales), path)


def to_stablehlo(trained: Trained, kind: str) -> str:
    """Return the text of the program. `impls.edge._stablehlo.convert` writes its LiteRT file."""
    program = Program(trained, kind)
    return program.text(network(program, trained.scales))


def network(writer, scales):
    """Write the MLP or the CNN, and return the name of the logits. `writer` is a `Graph` or a `Program`.

    A device holds the results of `rounded` as integers: pixels, outputs of the ReLU, and logits.
    """
    convolutions = [layer for layer in scales.layers if layer.startswith("conv")]
    *hidden, last = scales.layers[len(convolutions) :]
    x = writer.rounded(writer.image, scales.inputs[scales.layers[0]])
    if convolutions:
        x = writer.picture(x)  # (n, 784) -> (n, 28, 28, 1)
        for layer in convolutions:
            x = writer.rounded(writer.relu(writer.convolution(x, layer)), scales.outputs[layer])
            x = writer.max_pool(x)  # (n, h, w, c) -> (n, h / 2, w / 2, c)
        x = writer.row(x)  # (n, 7, 7, 64) -> (n, 3136)
    for layer in hidden:
        x = writer.rounded(writer.relu(writer.dense(x, layer)), scales.outputs[layer])
    return writer.rounded(writer.dense(x, last), scales.logits, signed=True)  # -> (n, 10)
