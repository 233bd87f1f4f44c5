"""Mistakes of porting a Vision Transformer, in PyTorch."""
# ruff: noqa: N801, N805 - a class is a mistake here, and its functions take the place of others

import torch
from torch import nn

from impls.pytorch import vit
from impls.pytorch.vit import HEAD_SIZE, HEADS, TOKENS, WIDTH
from tests.mistakes import Mistake, catchers


def register_again(module, *names):
    """Register these layers behind the others: parameters are matched by the order in which they are registered."""
    for name in names:
        layer = getattr(module, name)
        delattr(module, name)
        setattr(module, name, layer)


class layer_norm_epsilon_of_keras(Mistake):
    caught_by = catchers.LOGITS
    EPSILON = 1e-3


class layer_norm_epsilon_of_pytorch(Mistake):
    caught_by = catchers.LOGITS
    EPSILON = 1e-5


class layer_norm_epsilon_of_flax(Mistake):
    caught_by = catchers.LOGITS
    EPSILON = 1e-6


class gelu_by_tanh(Mistake):
    caught_by = catchers.LOGITS

    def gelu(x):
        return nn.functional.gelu(x, approximate="tanh")


class attention_not_scaled(Mistake):
    caught_by = catchers.LOGITS

    def softmax(x, dim):
        return torch.softmax(x * HEAD_SIZE**0.5, dim)


class attention_scaled_twice(Mistake):
    caught_by = catchers.LOGITS

    def softmax(x, dim):
        return torch.softmax(x / HEAD_SIZE**0.5, dim)


class softmax_over_the_queries(Mistake):
    caught_by = catchers.LOGITS

    def softmax(x, dim):
        return torch.softmax(x, -2)


class heads_split_without_a_transposition(Mistake):
    caught_by = catchers.LOGITS

    def split_heads(x):
        return x.reshape(-1, HEADS, TOKENS, HEAD_SIZE)  # (n, 16, 64) -> (n, 4, 16, 16): four tokens in each head


class heads_interleaved(Mistake):
    caught_by = catchers.LOGITS

    def split_heads(x):
        return x.unflatten(2, (HEAD_SIZE, HEADS)).permute(0, 3, 1, 2)  # (n, 16, 64) -> (n, 16, 16, 4) -> (n, 4, 16, 16)


class query_and_key_exchanged(Mistake):
    caught_by = catchers.LOGITS

    class Block(vit.Block):
        def __init__(self):
            super().__init__()
            register_again(self, "key", "query", "value", "output", "norm_2", "mlp_1", "mlp_2")


class value_before_query_and_key(Mistake):
    caught_by = catchers.LOGITS

    class Block(vit.Block):
        def __init__(self):
            super().__init__()
            register_again(self, "value", "query", "key", "output", "norm_2", "mlp_1", "mlp_2")


class key_without_its_bias(Mistake):
    caught_by = catchers.COUNT

    class Block(vit.Block):
        def __init__(self):
            super().__init__()
            self.key = nn.Linear(WIDTH, WIDTH, bias=False)


class position_added_after_the_norm(Mistake):
    caught_by = catchers.LOGITS

    class ViT(vit.ViT):
        def forward(self, x):
            x = self.patch(vit.to_patches(x))  # (n, 784) -> (n, 16, 49) -> (n, 16, 64)
            x = self.block_2(self.block_1(x))
            x = (self.norm(x) + self.position.weight).mean(1)  # (n, 16, 64) -> (n, 64)
            return self.head(x)  # (n, 64) -> (n, 10)


class norms_after_the_sums(Mistake):
    caught_by = catchers.LOGITS

    class Block(vit.Block):
        def forward(self, x):
            x = self.norm_1(x + self.attend(x))
            return self.norm_2(x + self.mlp_2(vit.gelu(self.mlp_1(x))))  # (n, 16, 64) -> (n, 16, 128) -> (n, 16, 64)


class residual_of_the_normalised(Mistake):
    caught_by = catchers.LOGITS

    class Block(vit.Block):
        def forward(self, x):
            x = self.norm_1(x)
            x = x + self.attend(x)
            x = self.norm_2(x)
            return x + self.mlp_2(vit.gelu(self.mlp_1(x)))  # (n, 16, 64) -> (n, 16, 128) -> (n, 16, 64)


class patches_column_by_column(Mistake):
    caught_by = catchers.LOGITS
    change = "to_patches", {".transpose(2, 3)": ".permute(0, 3, 1, 2, 4)"}


class first_token_for_the_mean(Mistake):
    caught_by = catchers.LOGITS

    class ViT(vit.ViT):
        def forward(self, x):
            x = self.patch(vit.to_patches(x))  # (n, 784) -> (n, 16, 49) -> (n, 16, 64)
            x = self.block_2(self.block_1(x + self.position.weight))
            return self.head(self.norm(x)[:, 0])  # (n, 16, 64) -> (n, 64) -> (n, 10)
