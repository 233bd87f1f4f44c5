"""The runtime ONNX Runtime, on the CPU."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnxruntime

from impls.edge.runtimes._protobuf import constant_dtypes
from impls.edge.runtimes._runtime import INPUT, OUTPUT, ImageByImage, check_tensors, read, unusable

DTYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8", "tensor(int8)": "int8"}


class Runtime(ImageByImage):
    """An ONNX file. Raises `ValueError` for a file that ONNX Runtime cannot run.

    `as_it_comes` keeps the default options. They sum products in 16 bits, and saturate, on processors without VNNI.
    """

    def __init__(self, path, threads=1, as_it_comes=False):
        super().__init__(path, threads)
        content = read(self.path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4  # errors are raised, and not printed as well
        if not (as_it_comes or has_vnni()):
            options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            self.session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the exceptions of ONNX Runtime have no other base class
            raise unusable(self.path, "an ONNX file that ONNX Runtime can load", error) from error
        inputs, outputs = (
            [(tuple(each.shape), DTYPES.get(each.type, each.type)) for each in tensors]
            for tensors in (self.session.get_inputs(), self.session.get_outputs())
        )
        self.input_dtype = check_tensors(self.path, "input", inputs, INPUT, tuple(DTYPES.values()))
        # The file does not hold the scale of its output, so the output must be real numbers.
        self.output_dtype = check_tensors(self.path, "output", outputs, OUTPUT, ("float32",))
        self.weights = sorted(constant_dtypes(content))
        self.input, self.outputs = self.session.get_inputs()[0].name, [self.session.get_outputs()[0].name]
        try:
            self.predict_step(np.zeros(INPUT, self.input_dtype))
        except Exception as error:
            raise unusable(self.path, "a network that ONNX Runtime can run", error) from error

    def versions(self):
        """Return package name -> version, the runtime itself first."""
        return {name: version(name) for name in ("onnxruntime", "numpy")}

    def predict_step(self, batch):
        """Return the output for one image, (1, 784) -> (1, 10), in the dtypes of the file."""
        return self.session.run(self.outputs, {self.input: batch})[0]


def has_vnni():
    """Return whether this processor sums products of uint8 and int8 in 32 bits. x86 without VNNI has 16, and saturates.

    False is safe for unknown processors: they ignore the option that follows from it.
    """
    cpuinfo = Path("/proc/cpuinfo")
    known = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(known)
