"""The decoder of the served file in torch: frozen weights as the GGUF file has them, and a low-rank addition to each matrix.

The base stays in float32 and the additions are merged into a bf16 working copy once a step, so that a step multiplies no more
than the model does by itself. Rows of queries and keys are in the order of Hugging Face's checkpoints, as PEFT's files are.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
NAMES = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output", "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down"}
# Matrices with the same input are multiplied as one.
GROUPS = {"qkv": ("q_proj", "k_proj", "v_proj"), "o": ("o_proj",), "gate_up": ("gate_proj", "up_proj"), "down": ("down_proj",)}


@dataclass(frozen=True)
class Shape:
    vocab: int
    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float
    rope_base: float

    def outputs(self, module: str) -> int:
        return {"q_proj": self.heads * self.head_dim, "k_proj": self.kv_heads * self.head_dim, "v_proj": self.kv_heads * self.head_dim, "gate_proj": self.inner, "up_proj": self.inner}.get(module, self.hidden)

    def inputs(self, group: str) -> int:
        return {"o": self.heads * self.head_dim, "down": self.inner}.get(group, self.hidden)


class Base:
    """The frozen weights: `layers[n][group]` in float32, their norms' weights, the embedding in bf16."""

    def __init__(self, shape: Shape, layers: list[dict], embedding, norm, dtype=torch.bfloat16):
        self.shape, self.layers, self.dtype = shape, layers, dtype
        self.embedding, self.norm = embedding.to(dtype), norm

    @staticmethod
    def random(shape: Shape, seed: int, dtype=torch.bfloat16) -> "Base":
        draw = torch.Generator().manual_seed(seed)

        def some(rows, columns):
            return torch.randn(rows, columns, generator=draw) * columns**-0.5

        layers = []
        for _ in range(shape.layers):
            own = {group: some(sum(map(shape.outputs, modules)), shape.inputs(group)) for group, modules in GROUPS.items()}
            layers.append(own | {"norm_qkv": torch.ones(shape.hidden), "norm_gate_up": torch.ones(shape.hidden)})
        return Base(shape, layers, some(shape.vocab, shape.hidden), torch.ones(shape.hidden), dtype)


def halves(rows: torch.Tensor, heads: int) -> torch.Tensor:
    """From neighbouring pairs, as llama.cpp's converter has the rows of each head, back to its two halves."""
    return rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def load(path: str, dtype=torch.bfloat16) -> Base:
    """The model of a GGUF file of the Llama family."""
    import gguf

    reader = gguf.GGUFReader(path)
    value = {key: field.contents() for key, field in reader.fields.items() if not key.startswith("tokenizer.")}
    if value["general.architecture"] != "llama":
        raise SystemExit(f"{path}: the training knows the Llama family, not `{value['general.architecture']}`")
    of = lambda key: value["llama." + key]  # noqa: E731
    heads, hidden = of("attention.head_count"), of("embedding_length")
    head_dim = value.get("llama.attention.key_length", hidden // heads)
    tensors = {t.name: t for t in reader.tensors}

    def tensor(name):
        t = tensors[name]
        # Their own order of dimensions is the other way round.
        data = gguf.quants.dequantize(t.data, t.tensor_type)
        return torch.from_numpy(np.array(data, dtype=np.float32)).reshape(*map(int, reversed(t.shape)))

    if "output.weight" in tensors:
        raise SystemExit(f"{path}: the training knows models whose output is their embedding")
    embedding = tensor("token_embd.weight")
    shape = Shape(
        embedding.shape[0], hidden, of("feed_forward_length"), of("block_count"), heads, of("attention.head_count_kv"),
        head_dim, of("attention.layer_norm_rms_epsilon"), value.get("llama.rope.freq_base", 10000.0),
    )
    layers = []
    for n in range(shape.layers):
        own = {module: tensor(f"blk.{n}.{name}.weight") for module, name in NAMES.items()}
        own["q_proj"], own["k_proj"] = halves(own["q_proj"], heads), halves(own["k_proj"], shape.kv_heads)
        layer = {group: torch.cat([own[module] for module in modules]) for group, modules in GROUPS.items()}
        layers.append(layer | {"norm_qkv": tensor(f"blk.{n}.attn_norm.weight"), "norm_gate_up": tensor(f"blk.{n}.ffn_norm.weight")})
    return Base(shape, layers, embedding, tensor("output_norm.weight"), dtype)


class Adapter:
    """Low-rank additions in float32, by layer and group: `A` of its modules one below the other, `B` likewise."""

    def __init__(self, shape: Shape, rank: int, alpha: float, first_layer: int = 0, seed: int = 0):
        self.shape, self.rank, self.alpha, self.first_layer = shape, rank, alpha, first_layer
        draw = torch.Generator().manual_seed(seed)
        self.a, self.b = {}, {}
        for n in range(first_layer, shape.layers):
            for group, modules in GROUPS.items():
                inputs = shape.inputs(group)
                # As PEFT starts: uniform down, nothing up.
                self.a[n, group] = ((torch.rand(rank * len(modules), inputs, generator=draw) * 2 - 1) * inputs**-0.5).requires_grad_()
                self.b[n, group] = torch.zeros(sum(map(shape.outputs, modules)), rank).requires_grad_()

    @property
    def scale(self) -> float:
        return self.alpha / self.rank

    def rows(self, group: str) -> list[tuple[int, int]]:
        """Which rows of a group's output each of its modules has."""
        ends = np.cumsum([0, *map(self.shape.outputs, GROUPS[group])]).tolist()
        return list(zip(ends, ends[1:]))

    def parameters(self) -> list[torch.Tensor]:
        return [*self.a.values(), *self.b.values()]

    def state(self) -> dict:
        return {"rank": self.rank, "alpha": self.alpha, "first_layer": self.first_layer, "a": {k: v.detach() for k, v in self.a.items()}, "b": {k: v.detach() for k, v in self.b.items()}}

    @staticmethod
    def of(shape: Shape, state: dict) -> "Adapter":
        adapter = Adapter(shape, state["rank"], state["alpha"], state["first_layer"])
        with torch.no_grad():
            for mine, theirs in ((adapter.a, state["a"]), (adapter.b, state["b"])):
                for key, value in theirs.items():
                    mine[key].copy_(value)
        return adapter


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


class Adapted(torch.autograd.Function):
    """A product with a merged matrix; the gradient goes to the two low-rank factors."""

    @staticmethod
    def forward(ctx, x, a, b, merged: Merged, key):
        ctx.save_for_backward(x)
        ctx.merged, ctx.key = merged, key
        return x @ merged.turned[key]

    @staticmethod
    def backward(ctx, dy):
        (x,), merged, key = ctx.saved_tensors, ctx.merged, ctx.key
        a, b, adapter = merged.a[key], merged.b[key], merged.adapter
        norm = merged.base.layers[key[0]].get(f"norm_{key[1]}")
        dx = dy @ merged.weights[key] if ctx.needs_input_grad[0] else None
        low = x @ (a if norm is None else a * norm.to(a.dtype)).T
        rank, rows = adapter.rank, adapter.rows(key[1])
        into_a = torch.cat([dy[:, start:end] @ b[start:end] for start, end in rows], 1)
        low = low.T.contiguous()
        into_b = [low[i * rank : (i + 1) * rank] @ dy[:, start:end] for i, (start, end) in enumerate(rows)]
        da = (into_a.T.contiguous() @ x).float() * adapter.scale
        db = torch.cat(into_b, 1).T.float() * adapter.scale
        return dx, da if norm is None else da * norm, db, None, None


class Normed(torch.autograd.Function):
    """Division by the root of the mean square; the weight is in the next matrix."""

    @staticmethod
    def forward(ctx, x, epsilon):
        y = F.rms_norm(x, x.shape[-1:], eps=epsilon)
        ctx.save_for_backward(x, y)
        ctx.epsilon = epsilon
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        by = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32).square_().div_(x.shape[-1]).add_(ctx.epsilon).rsqrt_()
        along = (dy * y).mean(-1, keepdim=True, dtype=torch.float32)
        return torch.addcmul(dy, y, along.to(y.dtype), value=-1).mul_(by.to(y.dtype)), None


class Gated(torch.autograd.Function):
    """SwiGLU of a gate and what it lets through, side by side."""

    @staticmethod
    def forward(ctx, gate_up):
        ctx.save_for_backward(gate_up)
        gate, up = gate_up.chunk(2, -1)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx, dy):
        (gate_up,) = ctx.saved_tensors
        gate, up = gate_up.chunk(2, -1)
        out = torch.empty_like(gate_up)
        dgate, dup = out.chunk(2, -1)
        torch.mul(dy, F.silu(gate), out=dup)
        dgate.copy_(torch.ops.aten.silu_backward(dy * up, gate))
        return out


class Mixed(torch.autograd.Function):
    """Causal attention written out: for a few hundred places that is faster than the backward pass of the library.

    Blocks of queries see the keys up to their end only; queries that share a key lie one below the other.
    """

    BLOCK = 128

    @staticmethod
    def blocks(length: int) -> list[tuple[int, int]]:
        count = max(1, round(length / Mixed.BLOCK))
        ends = [length * i // count for i in range(count + 1)]
        return list(zip(ends, ends[1:]))

    @staticmethod
    def forward(ctx, q, k, v):
        batch, length, heads, width = q.shape
        groups = k.shape[2]
        each = heads // groups
        # [batch and group, head, place, width]
        q = q.unflatten(2, (groups, each)).permute(0, 2, 3, 1, 4).reshape(batch * groups, each, length, width) * width**-0.5
        k = k.transpose(1, 2).reshape(batch * groups, length, width)
        v = v.transpose(1, 2).reshape(batch * groups, length, width)
        mixed = torch.empty(batch, groups, each, length, width, dtype=q.dtype)
        kept = []
        for start, end in Mixed.blocks(length):
            own = q[:, :, start:end].reshape(batch * groups, -1, width)
            scores = torch.bmm(own, k[:, :end].transpose(1, 2)).view(batch * groups, each, end - start, end)
            later = torch.ones(end - start, end - start, dtype=torch.bool).triu_(1)
            scores[..., start:].masked_fill_(later, float("-inf"))
            shares = scores.softmax(-1)
            mixed[:, :, :, start:end] = torch.bmm(shares.flatten(1, 2), v[:, :end]).view(batch, groups, each, -1, width)
            kept.append(shares)
        ctx.save_for_backward(q, k, v, *kept)
        ctx.shape = batch, length, groups, each, width
        return mixed.permute(0, 3, 1, 2, 4).reshape(batch, length, heads, width)

    @staticmethod
    def backward(ctx, dy):
        q, k, v, *kept = ctx.saved_tensors
        batch, length, groups, each, width = ctx.shape
        dy = dy.unflatten(2, (groups, each)).permute(0, 2, 3, 1, 4).reshape(batch * groups, each, length, width)
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for (start, end), shares in zip(Mixed.blocks(length), kept):
            own, down = (x[:, :, start:end].reshape(batch * groups, -1, width) for x in (q, dy))
            flat = shares.flatten(1, 2)
            dv[:, :end] += torch.bmm(down.transpose(1, 2), flat).transpose(1, 2)
            ds = torch._softmax_backward_data(torch.bmm(down, v[:, :end].transpose(1, 2)), flat, -1, flat.dtype)
            dq[:, :, start:end] = torch.bmm(ds, k[:, :end]).view(batch * groups, each, -1, width)
            dk[:, :end] += torch.bmm(own.transpose(1, 2), ds).transpose(1, 2)
        dq = dq.mul_(width**-0.5).view(batch, groups, each, length, width).permute(0, 3, 1, 2, 4).flatten(2, 3)
        dk, dv = (x.view(batch, groups, length, width).transpose(1, 2) for x in (dk, dv))
        return dq, dk, dv


class Turned(torch.autograd.Function):
    """Rotary positions on the two halves of each head."""

    @staticmethod
    def turn(x, cos, sin, back: bool):
        first, second = x.chunk(2, -1)
        out = torch.empty(x.shape, dtype=x.dtype)
        one, two = out.chunk(2, -1)
        sign = -1 if back else 1
        torch.mul(first, cos, out=one).addcmul_(second, sin, value=-sign)
        torch.mul(second, cos, out=two).addcmul_(first, sin, value=sign)
        return out

    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.save_for_backward(cos, sin)
        return Turned.turn(x, cos, sin, False)

    @staticmethod
    def backward(ctx, dy):
        return Turned.turn(dy, *ctx.saved_tensors, True), None, None
