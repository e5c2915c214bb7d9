"""The decoder of the served file in torch: frozen weights as the GGUF file has them, and a low-rank addition to each matrix.

Rows of queries and keys are in the order of Hugging Face's checkpoints, as PEFT's files are.
"""

from dataclasses import dataclass

import numpy as np
import torch

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
NAMES = dict(zip(MODULES, ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")))
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
        shared = self.kv_heads * self.head_dim
        wide = {"q_proj": self.heads * self.head_dim, "k_proj": shared, "v_proj": shared, "gate_proj": self.inner, "up_proj": self.inner}
        return wide.get(module, self.hidden)

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
        factors = {name: {key: value.detach() for key, value in own.items()} for name, own in (("a", self.a), ("b", self.b))}
        return {"rank": self.rank, "alpha": self.alpha, "first_layer": self.first_layer, **factors}

    @staticmethod
    def of(shape: Shape, state: dict) -> "Adapter":
        adapter = Adapter(shape, state["rank"], state["alpha"], state["first_layer"])
        with torch.no_grad():
            for mine, theirs in ((adapter.a, state["a"]), (adapter.b, state["b"])):
                for key, value in theirs.items():
                    mine[key].copy_(value)
        return adapter
