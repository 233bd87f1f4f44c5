"""The runtime ExecuTorch, with the kernels of XNNPACK. Its tensors are those of the `torch` package."""

from importlib.metadata import version

import torch
from executorch.extension.pybindings.portable_lib import _unsafe_reset_threadpool
from executorch.runtime import Runtime as ExecuTorch

from impls.edge.runtimes._runtime import INPUT, OUTPUT, ImageByImage, check_tensors, read, unusable
from impls.edge.runtimes._xnnpack import constant_dtypes

METHOD = "forward"
FLOAT = 6  # float32 in ExecuTorch's ScalarType


class Runtime(ImageByImage):
    """An ExecuTorch file. Raises `ValueError` for a file that ExecuTorch cannot run."""

    def __init__(self, path, threads=1):
        super().__init__(path, threads)
        content = read(self.path)
        _unsafe_reset_threadpool(threads)  # before loading: a network keeps the threads of that moment
        try:
            self.program = ExecuTorch.get().load_program(content)
            described = self.program.metadata(METHOD)
            inputs, outputs = (
                [(each.sizes(), "float32" if each.dtype() == FLOAT else "other") for each in tensors]
                for tensors in (
                    [described.input_tensor_meta(at) for at in range(described.num_inputs())],
                    [described.output_tensor_meta(at) for at in range(described.num_outputs())],
                )
            )
            self.input_dtype = check_tensors(self.path, "input", inputs, INPUT, ("float32",))
            self.output_dtype = check_tensors(self.path, "output", outputs, OUTPUT, ("float32",))
            self.method = self.program.load_method(METHOD)
        except RuntimeError as error:
            raise unusable(self.path, "a complete file that ExecuTorch can run", error) from error
        self.weights = sorted(constant_dtypes(content))

    def versions(self):
        """Return package name -> version, the runtime itself first."""
        return {name: version(name) for name in ("executorch", "torch", "numpy")}

    def predict_step(self, batch):
        """Return the output for one image, (1, 784) -> (1, 10), float32."""
        (logits,) = self.method.execute([torch.from_numpy(batch)])
        return logits.numpy()
