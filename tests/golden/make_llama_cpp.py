"""Writes tests/data/golden/smollm2_logits.json: logits of the default model from two references.

`exact` is the model's definition over the dequantised weights, in double precision (numpy); `llama_cpp` is
what llama.cpp computes, which rounds activations to 8 bits as Bailiwick does. The difference of the two
says how far an 8-bit implementation may be from the definition.

Usage: python make_llama_cpp.py MODEL.gguf   (needs gguf, llama-cpp-python and numpy)
"""

import json
import pathlib
import sys

import gguf
import numpy as np
from gguf.quants import dequantize
from llama_cpp import Llama

PROMPTS = [
    "The capital of France is",
    "<|im_start|>user\nSay hello to [PERSON_1].<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>system\nYou summarise customer cases for a retailer.<|im_end|>\n<|im_start|>user\n"
    "Case 00123: The kettle that [PERSON_1] bought in our Hamburg shop on 3 May leaks at the bottom after two weeks. "
    "[PERSON_1] wrote to [EMAIL_1] twice and called [PHONE_1], but nobody answered. The receipt shows 49.90 EUR. "
    "[PERSON_1] asks for a replacement or a refund by Friday, and wants to know whether the shop in [LOCATION_1] has "
    "the model in stock. Summarise the case in two sentences.<|im_end|>\n<|im_start|>assistant\n",
]


def exact_logits(path: str, tokens: list[int]) -> np.ndarray:
    reader = gguf.GGUFReader(path)
    weights = {t.name: dequantize(t.data, t.tensor_type).astype(np.float64) for t in reader.tensors}

    def meta(key: str) -> float:
        field = reader.fields[f"llama.{key}"]
        return field.parts[field.data[0]][0]

    heads, kv_heads = int(meta("attention.head_count")), int(meta("attention.head_count_kv"))
    eps, base = float(meta("attention.layer_norm_rms_epsilon")), float(meta("rope.freq_base"))
    x = weights["token_embd.weight"][tokens]
    n, dim = len(tokens), x.shape[1] // heads
    angles = np.arange(n)[:, None] * base ** (-np.arange(0, dim, 2) / dim)[None, :]
    cos, sin = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]

    def norm(v: np.ndarray, w: np.ndarray) -> np.ndarray:
        return v / np.sqrt((v**2).mean(-1, keepdims=True) + eps) * w

    def rotate(v: np.ndarray) -> np.ndarray:
        a, b = v[..., 0::2], v[..., 1::2]
        out = np.empty_like(v)
        out[..., 0::2], out[..., 1::2] = a * cos - b * sin, a * sin + b * cos
        return out

    mask = np.triu(np.full((n, n), -np.inf), 1)
    for layer in range(int(meta("block_count"))):
        w = {k.split(".")[2]: v for k, v in weights.items() if k.startswith(f"blk.{layer}.")}
        h = norm(x, w["attn_norm"])
        q = rotate((h @ w["attn_q"].T).reshape(n, heads, dim))
        k = rotate((h @ w["attn_k"].T).reshape(n, kv_heads, dim)).repeat(heads // kv_heads, 1)
        v = (h @ w["attn_v"].T).reshape(n, kv_heads, dim).repeat(heads // kv_heads, 1)
        scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(dim) + mask
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", p, v).reshape(n, heads * dim) @ w["attn_output"].T
        h = norm(x, w["ffn_norm"])
        gate = h @ w["ffn_gate"].T
        x = x + (gate / (1 + np.exp(-gate)) * (h @ w["ffn_up"].T)) @ w["ffn_down"].T
    head = weights.get("output.weight", weights["token_embd.weight"])
    return norm(x, weights["output_norm.weight"]) @ head.T


def main(path: str) -> None:
    model = Llama(path, n_ctx=1024, logits_all=True, verbose=False, n_threads=2)
    rows = []
    for prompt in PROMPTS:
        tokens = model.tokenize(prompt.encode(), add_bos=False, special=True)
        model.reset()
        model.eval(tokens)
        theirs = np.array(model.scores[: len(tokens)])
        exact = exact_logits(path, tokens)
        found = []
        for position in sorted({0, 1, len(tokens) // 4, len(tokens) // 2, len(tokens) - 1}):
            # The likeliest tokens, and some from all over the vocabulary.
            top = [*np.argsort(-exact[position])[:20], *range(100, exact.shape[1], 997)]
            found.append(
                {
                    "position": position,
                    "ids": [int(t) for t in top],
                    "exact": [round(float(exact[position][t]), 4) for t in top],
                    "llama_cpp": [round(float(theirs[position][t]), 4) for t in top],
                }
            )
        rows.append(
            {
                "tokens": tokens,
                "exact_best": [int(t) for t in exact.argmax(axis=1)],
                "llama_cpp_best": [int(t) for t in theirs.argmax(axis=1)],
                "rows": found,
            }
        )
        print(len(tokens), "tokens; llama.cpp agrees on", int((exact.argmax(1) == theirs.argmax(1)).sum()))
    out = pathlib.Path(__file__).parent.parent / "data/golden/smollm2_logits.json"
    out.write_text(json.dumps(rows) + "\n")


main(sys.argv[1])
