"""The encoder (BERT, post-norm, as all-MiniLM-L6) with a linear layer over the tags."""

import math

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from labels import TAGS

CASE_TYPES = 4


class Block(nn.Module):
    def __init__(self, width: int, inner: int, heads: int, epsilon: float, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.attn_q = nn.Linear(width, width)
        self.attn_k = nn.Linear(width, width)
        self.attn_v = nn.Linear(width, width)
        self.attn_output = nn.Linear(width, width)
        self.attn_output_norm = nn.LayerNorm(width, epsilon)
        self.ffn_up = nn.Linear(width, inner)
        self.ffn_down = nn.Linear(inner, width)
        self.layer_output_norm = nn.LayerNorm(width, epsilon)

    def forward(self, x, mask):
        batch, length, width = x.shape
        drop = self.dropout if self.training else 0.0
        split = lambda y: y.view(batch, length, self.heads, -1).transpose(1, 2)
        # Written out: the fused kernel's backward pass takes most of a step on CPUs.
        query = self.attn_q(x) * (self.heads / width) ** 0.5
        scores = split(query) @ split(self.attn_k(x)).transpose(2, 3)
        if mask is not None:
            scores = scores + mask
        mixed = scores.softmax(-1) @ split(self.attn_v(x))
        mixed = self.attn_output(mixed.transpose(1, 2).reshape(batch, length, width))
        x = self.attn_output_norm(x + F.dropout(mixed, drop))
        inner = self.ffn_down(F.gelu(self.ffn_up(x)))
        return self.layer_output_norm(x + F.dropout(inner, drop))


class Recogniser(nn.Module):
    """Parameters carry the names that the GGUF file has (dots become members)."""

    def __init__(self, vocab=30522, width=384, inner=1536, heads=12, blocks=6, positions=512, epsilon=1e-12, dropout=0.1):
        super().__init__()
        self.heads, self.epsilon, self.inner, self.dropout = heads, epsilon, inner, dropout
        self.token_embd = nn.Embedding(vocab, width)
        self.position_embd = nn.Embedding(positions, width)
        self.token_types = nn.Embedding(CASE_TYPES, width)
        self.token_embd_norm = nn.LayerNorm(width, epsilon)
        self.blk = nn.ModuleList(Block(width, inner, heads, epsilon, dropout) for _ in range(blocks))
        self.cls_output = nn.Linear(width, len(TAGS))

    def forward(self, ids, cases, lengths, rows=None):
        """Logits [batch, length, tags] of padded rows; `lengths` holds the real ones. With `rows` the ids are places in it,
        not in the table of word vectors."""
        places = torch.arange(ids.shape[1])
        mask = None
        if int(lengths.min()) < ids.shape[1]:
            beyond = (places[None, :] >= lengths[:, None])[:, None, None, :]
            mask = torch.zeros(beyond.shape, dtype=self.cls_output.weight.dtype).masked_fill(beyond, -1e4)
        x = (self.token_embd(ids) if rows is None else F.embedding(ids, rows)) + self.position_embd(places)[None] + self.token_types(cases)
        x = F.dropout(self.token_embd_norm(x), self.dropout if self.training else 0.0)
        for block in self.blk:
            x = block(x, mask)
        return self.cls_output(x).float()


_BLOCK_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def from_base(path: str, dropout: float = 0.0, seed: int = 17) -> Recogniser:
    """The pre-trained encoder with a fresh tag layer; all case types start as its only token type."""
    torch.manual_seed(seed)
    model = Recogniser(dropout=dropout)
    state = model.state_dict()
    for name, tensor in load_file(path).items():
        name = name.removeprefix("bert.")
        tensor = tensor.float()
        if name.startswith("encoder.layer."):
            number, rest = name.removeprefix("encoder.layer.").split(".", 1)
            stem, leaf = rest.rsplit(".", 1)
            state[f"blk.{number}.{_BLOCK_NAMES[stem]}.{leaf}"].copy_(tensor)
        elif name == "embeddings.word_embeddings.weight":
            state["token_embd.weight"].copy_(tensor)
        elif name == "embeddings.position_embeddings.weight":
            state["position_embd.weight"].copy_(tensor)
        elif name == "embeddings.token_type_embeddings.weight":
            state["token_types.weight"].copy_(tensor[:1] + 0.02 * torch.randn(CASE_TYPES, tensor.shape[1]))
        elif name.startswith("embeddings.LayerNorm."):
            state["token_embd_norm." + name.rsplit(".", 1)[1]].copy_(tensor)
    nn.init.normal_(model.cls_output.weight, std=1 / math.sqrt(tensor.shape[-1]) * 0.1)
    nn.init.zeros_(model.cls_output.bias)
    return model
