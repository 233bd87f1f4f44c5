"""Of what dtypes the constants of an ExecuTorch file are: read in the graph that it holds for XNNPACK.

That graph is a flatbuffer; the numbers of its fields are those of executorch/backends/xnnpack/serialization/schema.fbs.
"""

import struct

from flatbuffers.number_types import Int16Flags, Uint8Flags, Uint32Flags
from flatbuffers.table import Table

DTYPES = {1: "float32", 2: "float16", 3: "int8", 4: "uint8", 5: "int32", 6: "int8", 7: "int32", 8: "int4", 12: "int32"}
QUANTIZED = 2  # of the kinds of values


def constant_dtypes(content: bytes) -> set[str]:
    """Of all constants; none if nothing in the file is for XNNPACK."""
    start = content.find(b"XH00") - 4
    if start < 0:
        return set()
    (offset,) = struct.unpack_from("<I", content, start + 10)
    graph = Table(content, start + offset + struct.unpack_from("<I", content, start + offset)[0])
    tensors = (tensor(value) for value in tables(graph, 2))
    return {
        DTYPES.get(each.GetSlot(slot(0), 0, Int16Flags), "other")
        for each in tensors
        if each.GetSlot(slot(3), 0, Uint32Flags)  # where its data are; 0 if it is no constant
    }


def tensor(value):
    kind = value.GetSlot(slot(0), 0, Uint8Flags)
    found = table(value, 1)
    return table(found, 0) if kind == QUANTIZED else found


def tables(parent, field):
    vector = parent.Offset(slot(field))
    start = parent.Vector(vector)
    return [Table(parent.Bytes, parent.Indirect(start + 4 * at)) for at in range(parent.VectorLen(vector))]


def table(parent, field):
    return Table(parent.Bytes, parent.Indirect(parent.Pos + parent.Offset(slot(field))))


def slot(field):
    """Where a flatbuffer's table says where this field is."""
    return 4 + 2 * field
