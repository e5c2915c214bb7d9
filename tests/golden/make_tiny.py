"""Writes tests/data/golden/tiny/NAME.gguf and tiny/logits.json: a tiny random model of each family, and its
logits by the family's definition in double precision (numpy).

The definitions follow the papers and the published configurations, not Bailiwick's code. Keys and values are
rounded to half precision before attention, because that is what the cache holds. Every file is also given to
llama.cpp, which must come near the definition too (it computes in half precision and worse): so file, family and
definition belong together. Only `mistral` is not held to it: llama.cpp takes no window from a `llama` file.

Usage: python make_tiny.py   (needs gguf, numpy and xllamacpp)
"""
import ctypes
import importlib.util
import json
import math
import pathlib

import gguf
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests/data/golden/tiny"
VOCAB, TOKENS = 50, 27
BASE = dict(arch="llama", layers=2, hidden=40, ff=56, heads=4, kv_heads=2, head_dim=12, eps=1e-5, base=1e4,
            halves=True, act="silu")
GEMMA = dict(act="gelu", embed=math.sqrt(40), after_norms=True, tied=True, eps=1e-6)
FAMILIES = {
    "llama3": dict(halves=False, tied=True, base=5e5, factors=[1.0, 1.0, 1.4, 3.0, 8.0, 8.0]),
    "llama-bias-linear": dict(halves=False, bias="qkvo", rope_linear=4.0),
    "mistral": dict(halves=False, window=5, period=1),
    "qwen2-yarn": dict(arch="qwen2", head_dim=10, bias="qkv", yarn=(4.0, 16.0), base=1e6),
    "qwen3": dict(arch="qwen3", head_norms=True, tied=True, base=1e6),
    "gemma2": dict(arch="gemma2", window=6, period=2, score_cap=5.0, logit_cap=3.0, **GEMMA),
    "gemma3": dict(arch="gemma3", layers=7, window=6, period=6, base=1e6, local_base=1e4, rope_linear=8.0,
                   head_norms=True, **GEMMA),
    "phi3": dict(arch="phi3", head_dim=10, fused=True, rotated=8,
                 factors=[1.0, 1.1, 1.5, 2.5], magnitude=1.19),
    "mixtral": dict(halves=False, base=1e6, experts=(4, 2)),
    "qwen3moe": dict(arch="qwen3moe", head_norms=True, tied=True, base=1e6, experts=(6, 3), expert_ff=24),
}


def make(name, c, rng):
    q, kv, d, h = c["heads"] * c["head_dim"], c["kv_heads"] * c["head_dim"], c["head_dim"], c["hidden"]
    matrices, vectors = {}, {}

    def matrix(key, *shape, dtype=np.float16):
        matrices[key] = (rng.standard_normal(shape) / math.sqrt(shape[-1]) * 1.5).astype(dtype)

    def vector(key, size, mean=1.0):
        vectors[key] = (mean + 0.3 * rng.standard_normal(size)).astype(np.float32)

    matrix("token_embd.weight", VOCAB, h)
    vector("output_norm.weight", h)
    if not c.get("tied"):
        matrix("output.weight", VOCAB, h)
    for i in range(c["layers"]):
        p = f"blk.{i}."
        vector(p + "attn_norm.weight", h)
        vector(p + "ffn_norm.weight", h)
        if c.get("fused"):
            matrix(p + "attn_qkv.weight", q + 2 * kv, h)
            matrix(p + "ffn_up.weight", 2 * c["ff"], h)
        else:
            for part, rows in (("q", q), ("k", kv), ("v", kv)):
                matrix(p + f"attn_{part}.weight", rows, h)
            if not c.get("experts"):
                matrix(p + "ffn_gate.weight", c["ff"], h)
                matrix(p + "ffn_up.weight", c["ff"], h)
        matrix(p + "attn_output.weight", h, q)
        if c.get("experts"):
            count, wide = c["experts"][0], c.get("expert_ff", c["ff"])
            matrix(p + "ffn_gate_inp.weight", count, h, dtype=np.float32)
            matrix(p + "ffn_gate_exps.weight", count, wide, h)
            matrix(p + "ffn_up_exps.weight", count, wide, h)
            matrix(p + "ffn_down_exps.weight", count, h, wide)
        else:
            matrix(p + "ffn_down.weight", h, c["ff"])
        for part in c.get("bias", ""):
            key = "attn_output" if part == "o" else f"attn_{part}"
            vector(p + key + ".bias", {"q": q, "k": kv, "v": kv, "o": h}[part], 0.0)
        if c.get("head_norms"):
            vector(p + "attn_q_norm.weight", d)
            vector(p + "attn_k_norm.weight", d)
        if c.get("after_norms"):
            vector(p + "post_attention_norm.weight", h)
            vector(p + "post_ffw_norm.weight", h)
    factors = np.array(c.get("factors", []), np.float32)
    w = gguf.GGUFWriter(OUT / f"{name}.gguf", c["arch"])
    w.add_context_length(64); w.add_embedding_length(h); w.add_block_count(c["layers"])
    w.add_feed_forward_length(c["ff"]); w.add_head_count(c["heads"]); w.add_head_count_kv(c["kv_heads"])
    w.add_key_length(d); w.add_value_length(d); w.add_layer_norm_rms_eps(c["eps"])
    w.add_rope_freq_base(c["base"]); w.add_rope_dimension_count(c.get("rotated", d))
    w.add_vocab_size(VOCAB); w.add_tokenizer_model("none")
    if "experts" in c:
        w.add_expert_count(c["experts"][0]); w.add_expert_used_count(c["experts"][1])
        if "expert_ff" in c:
            w.add_expert_feed_forward_length(c["expert_ff"])
    if "window" in c:
        w.add_sliding_window(c["window"])
    if "score_cap" in c:
        w.add_attn_logit_softcapping(c["score_cap"])
        w.add_final_logit_softcapping(c["logit_cap"])
    if "rope_linear" in c:
        w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        w.add_rope_scaling_factor(c["rope_linear"])
    if "yarn" in c:
        w.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        w.add_rope_scaling_factor(c["yarn"][0])
        w.add_rope_scaling_orig_ctx_len(int(c["yarn"][1]))
    if "magnitude" in c:
        w.add_rope_scaling_type(gguf.RopeScalingType.LONGROPE)
        w.add_rope_scaling_attn_factors(c["magnitude"])
        w.add_rope_scaling_orig_ctx_len(512)
        w.add_tensor("rope_factors_short.weight", factors)
        w.add_tensor("rope_factors_long.weight", factors * 2)
    elif len(factors):
        w.add_tensor("rope_freqs.weight", factors)
    for key, value in {**matrices, **vectors}.items():
        w.add_tensor(key, value)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
    return {k: v.astype(np.float64) for k, v in {**matrices, **vectors}.items()}


def frequencies(c, base, scaled):
    """Radians per position, and what multiplies cosine and sine."""
    dims = c.get("rotated", c["head_dim"])
    exponents = np.arange(0, dims, 2) / dims
    freq = base ** -exponents / np.array(c.get("factors", [1.0] * (dims // 2)))
    if not scaled:
        return freq, 1.0
    if "yarn" in c:
        # Peng et al. 2023, section 3.4, with alpha 1 and beta 32; bounds are whole dimensions.
        factor, length = c["yarn"]
        find = lambda turns: dims * math.log(length / (turns * 2 * math.pi)) / (2 * math.log(base))
        low, high = max(math.floor(find(32)), 0), min(math.ceil(find(1)), dims - 1)
        keep = 1 - np.clip((np.arange(dims // 2) - low) / max(high - low, 0.001), 0, 1)
        return freq / factor * (1 - keep) + freq * keep, 0.1 * math.log(factor) + 1
    return freq / c.get("rope_linear", 1.0), c.get("magnitude", 1.0)


def logits(c, w, tokens):
    n, d, heads, kv_heads = len(tokens), c["head_dim"], c["heads"], c["kv_heads"]
    q_width, kv_width = heads * d, kv_heads * d

    def norm(x, weight):
        return x / np.sqrt((x ** 2).mean(-1, keepdims=True) + c["eps"]) * weight

    def rotate(x, freq, magnitude):
        angles = np.arange(n)[:, None] * freq
        cos, sin = (f(angles)[:, None] * magnitude for f in (np.cos, np.sin))
        out, pairs = x.copy(), len(freq)
        if c["halves"]:
            first, second = slice(0, pairs), slice(pairs, 2 * pairs)
        else:
            first, second = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
        a, b = x[..., first], x[..., second]
        out[..., first], out[..., second] = a * cos - b * sin, a * sin + b * cos
        return out

    def act(x):
        if c["act"] == "silu":
            return x / (1 + np.exp(-x))
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))

    def mixture(y, w, p):
        """Jiang et al. 2024, section 2.2; Qwen3-MoE with norm_topk_prob: softmax over the chosen logits."""
        out = np.zeros_like(y)
        for row, x in enumerate(y):
            scores = w[p + "ffn_gate_inp.weight"] @ x
            chosen = np.argsort(-scores)[: c["experts"][1]]
            shares = np.exp(scores[chosen] - scores[chosen].max())
            for share, e in zip(shares / shares.sum(), chosen):
                gate, up = (w[p + f"ffn_{part}_exps.weight"][e] @ x for part in ("gate", "up"))
                out[row] += share * (w[p + "ffn_down_exps.weight"][e] @ (act(gate) * up))
        return out

    half = lambda x: x.astype(np.float16).astype(np.float64)
    cap = lambda x, at: at * np.tanh(x / at) if at else x
    x = w["token_embd.weight"][tokens] * c.get("embed", 1.0)
    distance = np.arange(n)[:, None] - np.arange(n)[None, :]
    for i in range(c["layers"]):
        p = f"blk.{i}."
        sliding = "window" in c and (c["period"] == 1 or (i + 1) % c["period"] != 0)
        local = sliding and "local_base" in c
        turn = frequencies(c, c["local_base"] if local else c["base"], not local)
        y = norm(x, w[p + "attn_norm.weight"])
        if c.get("fused"):
            q, k, v = np.split(y @ w[p + "attn_qkv.weight"].T, [q_width, q_width + kv_width], axis=-1)
        else:
            q, k, v = (y @ w[p + f"attn_{part}.weight"].T + w.get(p + f"attn_{part}.bias", 0.0) for part in "qkv")
        q, k, v = q.reshape(n, heads, d), k.reshape(n, kv_heads, d), v.reshape(n, kv_heads, d)
        if c.get("head_norms"):
            q, k = norm(q, w[p + "attn_q_norm.weight"]), norm(k, w[p + "attn_k_norm.weight"])
        q, k, v = rotate(q, *turn), half(rotate(k, *turn)), half(v)
        k, v = (np.repeat(t, heads // kv_heads, axis=1) for t in (k, v))
        scores = cap(np.einsum("ihd,jhd->hij", q, k) / math.sqrt(d), c.get("score_cap"))
        hidden = (distance < 0) | ((distance >= c["window"]) if sliding else False)
        scores = np.where(hidden, -np.inf, scores)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        y = np.einsum("hij,jhd->ihd", weights, v).reshape(n, q_width)
        y = y @ w[p + "attn_output.weight"].T + w.get(p + "attn_output.bias", 0.0)
        if c.get("after_norms"):
            y = norm(y, w[p + "post_attention_norm.weight"])
        x = x + y
        y = norm(x, w[p + "ffn_norm.weight"])
        if c.get("experts"):
            y = mixture(y, w, p)
        else:
            if c.get("fused"):
                gate, up = np.split(y @ w[p + "ffn_up.weight"].T, 2, axis=-1)
            else:
                gate, up = y @ w[p + "ffn_gate.weight"].T, y @ w[p + "ffn_up.weight"].T
            y = (act(gate) * up) @ w[p + "ffn_down.weight"].T
        if c.get("after_norms"):
            y = norm(y, w[p + "post_ffw_norm.weight"])
        x = x + y
    x = norm(x, w["output_norm.weight"])
    return cap(x @ w.get("output.weight", w["token_embd.weight"]).T, c.get("logit_cap"))


def llama_cpp(lib, peer, path, tokens):
    model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
    assert model, f"llama.cpp can't load {path}"
    context = peer.Context(lib, model, 256, 1, 1)
    context.decode([(int(t), i, 0, True) for i, t in enumerate(tokens)])
    lib.llama_get_logits_ith.restype = ctypes.POINTER(ctypes.c_float)
    lib.llama_get_logits_ith.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    rows = [lib.llama_get_logits_ith(context.context, i) for i in range(len(tokens))]
    return np.array([[row[j] for j in range(VOCAB)] for row in rows])


def main():
    spec = importlib.util.spec_from_file_location("peer", ROOT / "benches/peers/llama_cpp.py")
    peer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(peer)
    lib = peer.load()
    OUT.mkdir(parents=True, exist_ok=True)
    found = []
    for seed, (name, changes) in enumerate(FAMILIES.items()):
        c = {**BASE, **changes}
        rng = np.random.default_rng(seed)
        weights = make(name, c, rng)
        tokens = rng.integers(0, VOCAB, TOKENS)
        exact = logits(c, weights, tokens)
        other = llama_cpp(lib, peer, OUT / f"{name}.gguf", tokens)
        far = np.abs(exact - other).max() / np.abs(exact).max()
        print(f"{name}: llama.cpp is {far:.1e} of the largest logit away")
        assert far < 0.02 or name == "mistral", name
        found.append({"model": name, "tokens": tokens.tolist(), "llama_cpp_distance": float(f"{far:.1e}"),
                      "logits": [[float(f"{v:.7g}") for v in row] for row in exact]})
    (OUT / "logits.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in found) + "\n]\n")


if __name__ == "__main__":
    main()
