"""A Vision Transformer in PyTorch: the patches of an image are tokens, and attention is written out.

The rest of a training is in mnist.py: python -m impls pytorch --network vit --epochs 3
"""

from torch import nn
from torch.nn.functional import gelu, softmax

TOKENS, HEADS, HEAD_SIZE, WIDTH, HIDDEN, EPSILON = 16, 4, 16, 64, 128, 2**-16


# %%
class ViT(nn.Module):
    """The transformer (arXiv:2010.11929) of 16 tokens, each a patch of 7 x 7 pixels. It returns logits (n, 10)."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Linear(49, WIDTH)
        self.position = nn.Embedding(TOKENS, WIDTH)
        nn.init.normal_(self.position.weight, std=0.02)  # small next to the patches; PyTorch would draw with std 1
        self.block_1 = Block()
        self.block_2 = Block()
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x):
        """Return logits (n, 10) of x (n, 784)."""
        x = self.patch(to_patches(x))  # (n, 784) -> (n, 16, 49) -> (n, 16, 64)
        x = x + self.position.weight  # (n, 16, 64) + (16, 64): without it the order of the tokens would not matter
        x = self.block_2(self.block_1(x))
        x = self.norm(x).mean(1)  # (n, 16, 64) -> (n, 64)
        return self.head(x)  # (n, 64) -> (n, 10)


class Block(nn.Module):
    """Attention between the tokens, then an MLP on each token; each adds to what it gets: (n, 16, 64) -> same."""

    def __init__(self):
        super().__init__()
        self.norm_1 = nn.LayerNorm(WIDTH, EPSILON)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm_2 = nn.LayerNorm(WIDTH, EPSILON)
        self.mlp_1 = nn.Linear(WIDTH, HIDDEN)
        self.mlp_2 = nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):
        """Return x (n, 16, 64) after both parts. The norms stand before them: the sums stay as they are."""
        x = x + self.attend(self.norm_1(x))
        h = gelu(self.mlp_1(self.norm_2(x)))  # (n, 16, 64) -> (n, 16, 128)
        return x + self.mlp_2(h)  # (n, 16, 128) -> (n, 16, 64)

    def attend(self, x):
        """Return for each token a weighted mean of all tokens' values, in 4 heads: (n, 16, 64) -> (n, 16, 64)."""
        q, k, v = (split_heads(layer(x)) for layer in (self.query, self.key, self.value))  # -> (n, 4, 16, 16)
        weights = softmax(q @ k.mT / HEAD_SIZE**0.5, -1)  # (n, 4, 16, 16): a row for each query, over the 16 keys
        x = (weights @ v).transpose(1, 2).flatten(2)  # (n, 4, 16, 16) -> (n, 16, 4, 16) -> (n, 16, 64)
        return self.output(x)


def to_patches(x):
    """Cut images into 4 x 4 patches, row by row, and each into its 7 x 7 pixels: (n, 784) -> (n, 16, 49)."""
    x = x.unflatten(1, (4, 7, 4, 7)).transpose(2, 3)  # (n, 784) -> (n, 4, 7, 4, 7) -> (n, 4, 4, 7, 7)
    return x.flatten(3).flatten(1, 2)  # (n, 4, 4, 7, 7) -> (n, 4, 4, 49) -> (n, 16, 49)


def split_heads(x):
    """Give each head its 16 of the 64 numbers of a token: (n, 16, 64) -> (n, 4, 16, 16)."""
    return x.unflatten(2, (HEADS, HEAD_SIZE)).transpose(1, 2)  # (n, 16, 4, 16) -> (n, 4, 16, 16)


MODELS = {"vit": ViT}
