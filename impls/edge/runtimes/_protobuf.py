"""Of what dtypes the constants of an ONNX file are, read without the `onnx` package, which a device does not have.

An ONNX file is a message of protobuf, whose encoding is told at https://protobuf.dev/programming-guides/encoding; the
numbers of the fields are those of onnx.proto.
"""

from collections.abc import Iterator

DTYPES = {1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 10: "float16", 11: "float64", 16: "bfloat16"}
QUANTIZING = {b"QuantizeLinear", b"DequantizeLinear"}


def constant_dtypes(content: bytes) -> set[str]:
    """Of all tensors in the file but scales and zero points."""
    graph = dict(fields(content))[7]
    found, scales = {}, set()
    for number, value in fields(graph):
        if number == 5:  # an initializer
            tensor = dict(fields(value))
            found[tensor[8]] = DTYPES.get(tensor[2], "other")
        elif number == 1:  # a node
            node = list(fields(value))
            inputs = [name for field, name in node if field == 1]
            operator = dict(node)[4]
            if operator in QUANTIZING:
                scales.update(inputs[1:])
            elif operator == b"Constant":
                attribute = dict(fields(dict(node)[5]))
                if 5 in attribute:  # a tensor, and not a number
                    found[dict(node)[2]] = DTYPES.get(dict(fields(attribute[5]))[2], "other")
    return {dtype for name, dtype in found.items() if name not in scales}


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and the value of each; one of bytes may be a message itself."""
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
    """A whole number, seven bits in each byte, the lowest first; and where it ends."""
    value = shift = 0
    while message[at] >= 128:
        value |= (message[at] - 128) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1
