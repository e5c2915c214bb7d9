"""What a step computes.

The base stays in float32 and the additions are merged into a bf16 working copy once a step, so that a step multiplies no more
than the model does by itself.
"""

import torch
import torch.nn.functional as F

from functions import Adapted, Gated, Mixed, Normed, Turned
from model import GROUPS, Adapter, Base


class Merged:
    """The working copy of one step: base and additions together, norms' weights taken into the matrices after them."""

    def __init__(self, base: Base, adapter: Adapter):
        self.base, self.adapter = base, adapter
        self.weights, self.turned, self.a, self.b = {}, {}, {}, {}
        shape = base.shape
        for n, layer in enumerate(base.layers):
            for group in GROUPS:
                self.weights[n, group] = torch.empty(layer[group].shape, dtype=base.dtype)
                self.turned[n, group] = torch.empty(layer[group].T.shape, dtype=base.dtype)
        steps = shape.rope_base ** (-torch.arange(0, shape.head_dim, 2, dtype=torch.float64) / shape.head_dim)
        self.steps, self.tables = steps, {}
        self.refresh(every=True)

    @torch.no_grad()
    def refresh(self, every: bool = False):
        """Takes in what a step of the optimiser changed."""
        rank = self.adapter.rank
        for n, layer in enumerate(self.base.layers):
            for group in GROUPS:
                weight, a = layer[group], self.adapter.a.get((n, group))
                if a is not None:
                    b = self.adapter.b[n, group]
                    weight = weight.clone()
                    for i, (start, end) in enumerate(self.adapter.rows(group)):
                        weight[start:end].addmm_(b[start:end], a[i * rank : (i + 1) * rank], alpha=self.adapter.scale)
                    self.a[n, group], self.b[n, group] = a.to(self.base.dtype), b.to(self.base.dtype)
                elif not every:
                    continue
                norm = layer.get(f"norm_{group}")
                self.weights[n, group].copy_(weight if norm is None else weight * norm)
                self.turned[n, group].copy_(self.weights[n, group].T)

    def rope(self, length: int):
        if length not in self.tables:
            angles = torch.arange(length, dtype=torch.float64)[:, None] * self.steps
            self.tables[length] = (angles.cos().to(self.base.dtype)[None, :, None], angles.sin().to(self.base.dtype)[None, :, None])
        return self.tables[length]

    def linear(self, x, n: int, group: str):
        key = n, group
        if key not in self.a:
            return x @ self.turned[key]
        return Adapted.apply(x, self.adapter.a[key], self.adapter.b[key], self, key)

    def layer(self, n: int, x, batch: int, length: int, chosen=None):
        """One layer; with `chosen`, at those places only."""
        shape = self.base.shape
        cos, sin = self.rope(length)
        queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        qkv = self.linear(Normed.apply(x, shape.epsilon), n, "qkv").view(batch, length, -1)
        qk = Turned.apply(qkv[..., : queries + keys].view(batch, length, -1, shape.head_dim), cos, sin)
        v = qkv[..., queries + keys :].view(batch, length, -1, shape.head_dim)
        mixed = Mixed.apply(qk[:, :, : shape.heads], qk[:, :, shape.heads :], v).reshape(batch * length, queries)
        if chosen is not None:
            x, mixed = x[chosen], mixed[chosen]
        x = x + self.linear(mixed, n, "o")
        gate_up = self.linear(Normed.apply(x, shape.epsilon), n, "gate_up")
        return x + self.linear(Gated.apply(gate_up), n, "down")

    @torch.no_grad()
    def lower(self, tokens):
        """What goes into the first layer that is adapted: the same in every step."""
        x = F.embedding(tokens.reshape(-1), self.base.embedding)
        for n in range(self.adapter.first_layer):
            x = self.layer(n, x, *tokens.shape)
        return x

    def hidden(self, tokens, chosen, x=None):
        """The last layer's output, normed, at the `chosen` places of the flattened `tokens` `[batch, length]`."""
        shape = self.base.shape
        x = self.lower(tokens) if x is None else x
        for n in range(self.adapter.first_layer, shape.layers):
            # Nobody reads the other places of the last layer.
            x = self.layer(n, x, *tokens.shape, chosen if n == shape.layers - 1 else None)
        return Normed.apply(x, shape.epsilon) * self.base.norm.to(x.dtype)

    def logits(self, tokens, chosen, x=None):
        """In float32, of the whole vocabulary, at the chosen places."""
        return (self.hidden(tokens, chosen, x) @ self.base.embedding.T).float()


class Lower:
    """What the layers below the adapted ones compute for each example, kept: it never changes."""

    def __init__(self, merged: Merged):
        self.merged, self.kept = merged, {}

    def of(self, batch):
        """For a batch, filled up with zeros; `None` where all layers are adapted."""
        if not self.merged.adapter.first_layer:
            return None
        rows, length = batch.tokens.shape
        if any(e.id not in self.kept for e in batch.examples):
            computed = self.merged.lower(batch.tokens).view(rows, length, -1)
            for row, example in enumerate(batch.examples):
                self.kept.setdefault(example.id, computed[row, : len(example.tokens)].clone())
        x = torch.zeros(rows, length, self.merged.base.shape.hidden, dtype=self.merged.base.dtype)
        for row, example in enumerate(batch.examples):
            x[row, : len(example.tokens)] = self.kept[example.id]
        return x.view(rows * length, -1)
