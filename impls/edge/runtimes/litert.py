"""The runtime LiteRT: its interpreter, with the kernels of XNNPACK."""

from importlib.metadata import version

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT, TensorType

from impls.edge.runtimes._runtime import INPUT, OUTPUT, ImageByImage, check_tensors, read, unusable

DTYPES = {number: name.lower() for name, number in vars(TensorType).items() if isinstance(number, int)}
ALLOWED = ("float32", "uint8", "int8")


class Runtime(ImageByImage):
    """A LiteRT file. Raises `ValueError` for a file that LiteRT cannot run."""

    def __init__(self, path, threads=1):
        super().__init__(path, threads)
        content = read(self.path)
        inputs, outputs, constants = parse(self.path, content)
        self.input_dtype = check_tensors(self.path, "input", inputs, INPUT, ALLOWED)
        self.output_dtype = check_tensors(self.path, "output", outputs, OUTPUT, ALLOWED)
        self.weights = sorted({dtype for _, dtype in constants})
        try:
            self.interpreter = Interpreter(model_content=content, num_threads=threads)
            self.interpreter.allocate_tensors()
            (given,), (returned,) = self.interpreter.get_input_details(), self.interpreter.get_output_details()
            self.input, self.output = given["index"], returned["index"]
            self.predict_step(np.zeros(INPUT, self.input_dtype))
        except (RuntimeError, ValueError) as error:
            raise unusable(self.path, "a network that LiteRT can run", error) from error
        if self.output_dtype != "float32":
            self.scale, self.zero_point = returned["quantization"]

    def versions(self):
        """Return package name -> version, the runtime itself first."""
        return {name: version(name) for name in ("ai-edge-litert", "numpy")}

    def predict_step(self, batch):
        """Return the output for one image, (1, 784) -> (1, 10), in the dtypes of the file."""
        self.interpreter.set_tensor(self.input, batch)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output)


def parse(path, content):
    """Return inputs, outputs and constants of the file, each a list of (shape, dtype).

    An offset outside of the file raises an exception in Python. In the interpreter it could end the process.
    """
    if content[4:8] != b"TFL3":
        got = f"{len(content):,} bytes, with {content[4:8]!r} there"
        raise unusable(path, "a LiteRT file, with b'TFL3' from byte 4 on", got)
    try:
        model = ModelT.InitFromPackedBuf(content)
        graph = model.subgraphs[0]
        tensors = [(tuple(map(int, each.shape)), DTYPES[each.type]) for each in graph.tensors]
        filled = [model.buffers[each.buffer].data is not None for each in graph.tensors]
        inputs, outputs = ([tensors[at] for at in indices] for indices in (graph.inputs, graph.outputs))
    except Exception as error:
        raise unusable(path, "a complete LiteRT file", f"{len(content):,} bytes that are none: {error}") from error
    return inputs, outputs, [tensor for tensor, has_data in zip(tensors, filled, strict=True) if has_data]
