"""The dtypes of the constants of an ONNX file, read without the `onnx` package, which a device does not have.

An ONNX file is a protobuf message (https://protobuf.dev/programming-guides/encoding). The numbers of the fields are
those of onnx.proto.
"""

from collections.abc import Iterator

DTYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16", 11: "float64", 16: "bfloat16"}
QUANTIZING = {b"QuantizeLinear", b"DequantizeLinear"}


def constant_dtypes(content: bytes) -> set[str]:
    """Return the dtypes of all constant tensors but scales and zero points."""
    graph = dict(fields(content))[7]
    dtypes, scales = {}, set()
    for number, value in fields(graph):
        if number == 5:  # an initializer
            tensor = dict(fields(value))
            dtypes[tensor[8]] = DTYPES.get(tensor[2], "other")
        elif number == 1:  # a node
            node = list(fields(value))
            inputs = [name for field, name in node if field == 1]
            operator = dict(node)[4]
            if operator in QUANTIZING:
                scales.update(inputs[1:])
            elif operator == b"Constant":
                attribute = dict(fields(dict(node)[5]))
                if 5 in attribute:  # a tensor, and not a number
                    dtypes[dict(node)[2]] = DTYPES.get(dict(fields(attribute[5]))[2], "other")
    return {dtype for name, dtype in dtypes.items() if name not in scales}


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each field; a value of bytes may be a message itself."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, wire_type = divmod(key, 8)
        if wire_type == 0:
            value, at = varint(message, at)
        else:
            size, at = varint(message, at) if wire_type == 2 else ({1: 8, 5: 4}[wire_type], at)
            value, at = message[at : at + size], at + size
        yield number, value


def varint(message: bytes, at: int) -> tuple[int, int]:
    """Return an integer, stored as 7 bits in each byte, the lowest first, and the position after it."""
    value = shift = 0
    while message[at] >= 128:
        value |= (message[at] - 128) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1
