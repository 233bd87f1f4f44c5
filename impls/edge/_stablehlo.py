"""StableHLO to LiteRT without TensorFlow, by the calls that litert-torch makes to litert-converter."""

import sys
from pathlib import Path

from litert_converter.mlir import ir, passmanager
from litert_converter.mlir._mlir_libs import converter_api_ext

from impls.edge._files import atomic_write


def convert(text: str, path: str | Path) -> None:
    """Write the LiteRT file of `text`, the result of a variant's `to_stablehlo`, to `path`."""
    context = ir.Context()
    converter_api_ext.prepare_mlir_context(context)
    with context:
        module = ir.Module.parse(text)
        converter_api_ext.set_signature(module.operation, "serving_default", ["image"], ["logits"])
        config = converter_api_ext.ConvertToTFLConfig()
        config.strict_qdq_mode = True  # otherwise numbers marked as int8 become floats, without a warning
        converter_api_ext.run_convert_to_tfl_passes(module, passmanager.PassManager(), config)
        content = converter_api_ext.export_flatbuffer_to_bytes(module.operation)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


if __name__ == "__main__":
    convert(sys.stdin.read(), sys.argv[1])
