"""What a kernel does, in the same words for all frameworks, by what it tells of itself."""

import re

MATRIX, CONVOLUTION, ELEMENTWISE = "matrix products", "convolutions", "element-wise"
OPTIMIZER, MOVEMENT, OVERHEAD = "optimizer", "data movement", "overhead"
KINDS = (MATRIX, CONVOLUTION, ELEMENTWISE, OPTIMIZER, MOVEMENT, OVERHEAD)

# In this order: what the optimizer does is the optimizer's, whatever it is.
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
    """Of a kernel that tells this of itself; element-wise if nothing else is known."""
    return next((found for found, pattern in PATTERNS.items() if pattern.search(about)), ELEMENTWISE)
