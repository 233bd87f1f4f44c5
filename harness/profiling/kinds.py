"""Kinds of kernels, the same for all frameworks, recognised by the kernel's name, callers or program."""

import re

MATRIX, CONVOLUTION, ELEMENTWISE = "matrix products", "convolutions", "element-wise"
OPTIMIZER, MOVEMENT, OVERHEAD = "optimizer", "data movement", "overhead"
KINDS = (MATRIX, CONVOLUTION, ELEMENTWISE, OPTIMIZER, MOVEMENT, OVERHEAD)

# The first match counts, so any kernel that the optimizer calls is the optimizer's.
PATTERNS = {
    OPTIMIZER: re.compile(r"optax/(?!losses)|optimizer|\badam\b", re.IGNORECASE),
    CONVOLUTION: re.compile(r" convolution\(|aten::\w*convolution|:\w*Conv2D\w*$|^(convol|patches)"),
    MATRIX: re.compile(r" dot\(|aten::(add|b)?mm\b|:\w*MatMul\w*$|^[\w.<>]+ .* @ |custom_call_target=.*(matmul|gemm)"),
    MOVEMENT: re.compile(
        r"^\s*(ROOT )?%\S+ = \S+ (copy|transpose|concatenate|gather|pad|slice)\("
        r"|aten::(copy_|_?to|clone|cat|contiguous|fill_|zero_|empty\w*|as_strided)\b"
        r"|:(Identity|Reshape|Transpose|Cast|Const|_Arg|_Retval|_Recv|_Send|ReadVariableOp|NoOp)\b",
    ),
}


def kind(about: str) -> str:
    """Return the kind of the kernel with this name, callers or program; element-wise if no pattern matches."""
    return next((kind for kind, pattern in PATTERNS.items() if pattern.search(about)), ELEMENTWISE)
