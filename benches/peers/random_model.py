"""Writes a GGUF file with random weights in the exact shape and block types of a known model: for its speed and memory.

    python random_model.py SHAPE OUT.gguf [--type q4_k_m|q8_0|f16]     (needs gguf and numpy)

Speed does not depend on what the weights are, so nobody needs to have a model to know what it would take here. Shapes are those of the
published configurations; Q4_K_M gives the types that llama.cpp's quantiser gives (more bits for the values and the second half of the
feed-forward of some layers and for the head; blocks of 32 where a row is no multiple of 256). There is no vocabulary in it: it answers no requests.
"""

import argparse

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter

LLAMA3 = dict(arch="llama", vocab=128256, base=5e5, context=131072)
QWEN = dict(vocab=151936, base=1e6, context=32768)
SHAPES = {
    "qwen2.5-0.5b": dict(QWEN, arch="qwen2", layers=24, hidden=896, heads=14, kv_heads=2, ff=4864, head_dim=64, tied=True),
    "llama-3.2-1b": dict(LLAMA3, layers=16, hidden=2048, heads=32, kv_heads=8, ff=8192, head_dim=64, tied=True),
    "qwen2.5-1.5b": dict(QWEN, arch="qwen2", layers=28, hidden=1536, heads=12, kv_heads=2, ff=8960, head_dim=128, tied=True),
    "llama-3.2-3b": dict(LLAMA3, layers=28, hidden=3072, heads=24, kv_heads=8, ff=8192, head_dim=128, tied=True),
    "qwen3-4b": dict(QWEN, arch="qwen3", layers=36, hidden=2560, heads=32, kv_heads=8, ff=9728, head_dim=128, tied=True),
    "mistral-7b": dict(arch="llama", layers=32, hidden=4096, heads=32, kv_heads=8, ff=14336, head_dim=128, vocab=32768, base=1e6, context=32768),
    "qwen2.5-7b": dict(QWEN, arch="qwen2", layers=28, hidden=3584, heads=28, kv_heads=4, ff=18944, head_dim=128, vocab=152064),
    "llama-3.1-8b": dict(LLAMA3, layers=32, hidden=4096, heads=32, kv_heads=8, ff=14336, head_dim=128),
}
# Weights and bytes of a block, and where in it half-precision scales stand.
BLOCKS = {Type.Q4_K: (256, 144, (0, 2)), Type.Q6_K: (256, 210, (208,)), Type.Q5_0: (32, 22, (0,)), Type.Q8_0: (32, 34, (0,))}
POOL = 1 << 16


class Weights:
    """Random blocks, of which each matrix takes its own stretch."""

    def __init__(self):
        self.rng, self.pools, self.made = np.random.default_rng(0), {}, 0

    def of(self, kind: Type, rows: int, cols: int) -> np.ndarray:
        self.made += 1
        if kind == Type.F16:
            pool = self.pools.setdefault(kind, (self.rng.standard_normal(1 << 22) * 0.02).astype(np.float16))
            return np.resize(np.roll(pool, self.made * 7919), (rows, cols))
        per, size, scales = BLOCKS[kind]
        if kind not in self.pools:
            blocks = self.rng.integers(0, 256, (POOL, size), dtype=np.uint8)
            for at in scales:
                blocks[:, at : at + 2] = np.frombuffer(np.float16(1e-3).tobytes(), np.uint8)
            self.pools[kind] = blocks
        rolled = np.roll(self.pools[kind], self.made * 7919, axis=0)
        return np.resize(rolled, (rows, cols // per * size))


def kind_of(wanted: str, name: str, layer: int, layers: int, cols: int) -> Type:
    if wanted == "f16":
        return Type.F16
    if wanted == "q8_0":
        return Type.Q8_0
    more = layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2
    large = name == "head" or (name in ("attn_v", "ffn_down") and more)
    if cols % 256:
        return Type.Q8_0 if large else Type.Q5_0
    return Type.Q6_K if large else Type.Q4_K


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("out")
    parser.add_argument("--type", default="q4_k_m", choices=("q4_k_m", "q8_0", "f16"))
    options = parser.parse_args()
    c, random = SHAPES[options.shape], Weights()
    w = GGUFWriter(options.out, c["arch"])
    w.add_name(f"{options.shape} shape, random weights")
    w.add_context_length(c["context"]); w.add_embedding_length(c["hidden"]); w.add_block_count(c["layers"])
    w.add_feed_forward_length(c["ff"]); w.add_head_count(c["heads"]); w.add_head_count_kv(c["kv_heads"])
    w.add_key_length(c["head_dim"]); w.add_value_length(c["head_dim"]); w.add_rope_dimension_count(c["head_dim"])
    w.add_layer_norm_rms_eps(1e-5); w.add_rope_freq_base(c["base"]); w.add_vocab_size(c["vocab"]); w.add_tokenizer_model("none")
    hidden, ff, q, kv = c["hidden"], c["ff"], c["heads"] * c["head_dim"], c["kv_heads"] * c["head_dim"]

    def matrix(tensor: str, name: str, layer: int, rows: int, cols: int):
        kind = kind_of(options.type, name, layer, c["layers"], cols)
        w.add_tensor(f"{tensor}.weight", random.of(kind, rows, cols), raw_dtype=kind)

    def vector(tensor: str, size: int, value: float):
        w.add_tensor(tensor, np.full(size, value, np.float32))

    # A tied embedding is the head as well.
    matrix("token_embd", "head" if c.get("tied") else "embedding", 0, c["vocab"], hidden)
    vector("output_norm.weight", hidden, 1)
    if not c.get("tied"):
        matrix("output", "head", 0, c["vocab"], hidden)
    for layer in range(c["layers"]):
        p = f"blk.{layer}."
        vector(p + "attn_norm.weight", hidden, 1)
        vector(p + "ffn_norm.weight", hidden, 1)
        for name, rows, cols in (("attn_q", q, hidden), ("attn_k", kv, hidden), ("attn_v", kv, hidden), ("attn_output", hidden, q),
                                 ("ffn_gate", ff, hidden), ("ffn_up", ff, hidden), ("ffn_down", hidden, ff)):
            matrix(p + name, name, layer, rows, cols)
        if c["arch"] == "qwen2":
            for name, rows in (("attn_q", q), ("attn_k", kv), ("attn_v", kv)):
                vector(p + name + ".bias", rows, 0)
        if c["arch"] == "qwen3":
            vector(p + "attn_q_norm.weight", c["head_dim"], 1)
            vector(p + "attn_k_norm.weight", c["head_dim"], 1)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


if __name__ == "__main__":
    main()
