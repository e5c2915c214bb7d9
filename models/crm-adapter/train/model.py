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
        self.weights, self.a, self.b = {}, {}, {}
        shape = base.shape
        for n, layer in enumerate(base.layers):
            for group in GROUPS:
                self.weights[n, group] = torch.empty(layer[group].shape, dtype=base.dtype)
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

    def rope(self, length: int):
        if length not in self.tables:
            angles = torch.arange(length, dtype=torch.float64)[:, None] * self.steps
            self.tables[length] = (angles.cos().to(self.base.dtype)[None, :, None], angles.sin().to(self.base.dtype)[None, :, None])
        return self.tables[length]

    def linear(self, x, n: int, group: str):
        key = n, group
        if key not in self.a:
            return x @ self.weights[key].T
        return Adapted.apply(x, self.adapter.a[key], self.adapter.b[key], self, key)

    def hidden(self, tokens, chosen):
        """The last layer's output, normed, at the `chosen` places of the flattened `tokens` `[batch, length]`."""
        shape = self.base.shape
        batch, length = tokens.shape
        cos, sin = self.rope(length)
        queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        x = F.embedding(tokens.reshape(-1), self.base.embedding)
        for n in range(shape.layers):
            qkv = self.linear(Normed.apply(x, shape.epsilon), n, "qkv").view(batch, length, -1)
            qk = Turned.apply(qkv[..., : queries + keys].view(batch, length, -1, shape.head_dim), cos, sin)
            q, k = qk[:, :, : shape.heads].transpose(1, 2), qk[:, :, shape.heads :].transpose(1, 2)
            v = qkv[..., queries + keys :].view(batch, length, -1, shape.head_dim).transpose(1, 2)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            mixed = mixed.transpose(1, 2).reshape(batch * length, queries)
            if n == shape.layers - 1:
                # Nobody reads the other places of the last layer.
                x, mixed = x[chosen], mixed[chosen]
            x = x + self.linear(mixed, n, "o")
            gate_up = self.linear(Normed.apply(x, shape.epsilon), n, "gate_up")
            x = x + self.linear(Gated.apply(gate_up), n, "down")
        return Normed.apply(x, shape.epsilon) * self.base.norm.to(x.dtype)

    def logits(self, tokens, chosen):
        """In float32, of the whole vocabulary, at the chosen places."""
        return (self.hidden(tokens, chosen) @ self.base.embedding.T).float()


class Adapted(torch.autograd.Function):
    """A product with a merged matrix; the gradient goes to the two low-rank factors."""

    @staticmethod
    def forward(ctx, x, a, b, merged: Merged, key):
        ctx.save_for_backward(x)
        ctx.merged, ctx.key = merged, key
        return x @ merged.weights[key].T

    @staticmethod
    def backward(ctx, dy):
        (x,), merged, key = ctx.saved_tensors, ctx.merged, ctx.key
        a, b, adapter = merged.a[key], merged.b[key], merged.adapter
        norm = merged.base.layers[key[0]].get(f"norm_{key[1]}")
        dx = dy @ merged.weights[key] if ctx.needs_input_grad[0] else None
        low = x @ (a if norm is None else a * norm.to(a.dtype)).T
        rank, rows = adapter.rank, adapter.rows(key[1])
        into_a = [dy[:, start:end] @ b[start:end] for start, end in rows]
        into_b = [dy[:, start:end].T @ low[:, i * rank : (i + 1) * rank] for i, (start, end) in enumerate(rows)]
        da = (torch.cat(into_a, 1).T @ x).float() * adapter.scale
        db = torch.cat(into_b).float() * adapter.scale
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
