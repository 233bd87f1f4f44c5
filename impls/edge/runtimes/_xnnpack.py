"""The dtypes of the constants of an ExecuTorch file, read from its graph for XNNPACK.

That graph is a flatbuffer; the numbers of its fields are those of executorch/backends/xnnpack/serialization/schema.fbs.
"""

import struct

from flatbuffers.number_types import Int16Flags, Uint8Flags, Uint32Flags
from flatbuffers.table import Table

DTYPES = {1: "float32", 2: "float16", 3: "int8", 4: "uint8", 5: "int32", 6: "int8", 7: "int32", 8: "int4", 12: "int32"}
QUANTIZED = 2  # the kind of a value that has a scale


def constant_dtypes(content: bytes) -> set[str]:
    """Return the dtypes of all constants, or an empty set if the file has no graph for XNNPACK."""
    start = content.find(b"XH00") - 4
    if start < 0:
        return set()
    (offset,) = struct.unpack_from("<I", content, start + 10)
    graph = Table(content, start + offset + struct.unpack_from("<I", content, start + offset)[0])
    tensors = (tensor(value) for value in tables(graph, 2))
    return {
        DTYPES.get(each.GetSlot(slot(0), 0, Int16Flags), "other")
        for each in tensors
        if each.GetSlot(slot(3), 0, Uint32Flags)  # the offset of its data; 0 if it is no constant
    }


def tensor(value):
    """Return the tensor of a value, without the scale of a quantized one."""
    kind = value.GetSlot(slot(0), 0, Uint8Flags)
    content = table(value, 1)
    return table(content, 0) if kind == QUANTIZED else content


def tables(parent, field):
    """Return the tables of a field that is a vector."""
    vector = parent.Offset(slot(field))
    start = parent.Vector(vector)
    return [Table(parent.Bytes, parent.Indirect(start + 4 * at)) for at in range(parent.VectorLen(vector))]


def table(parent, field):
    """Return the table of a field."""
    return Table(parent.Bytes, parent.Indirect(parent.Pos + parent.Offset(slot(field))))


def slot(field):
    """Return the position of a field's offset in the table of a flatbuffer."""
    return 4 + 2 * field
