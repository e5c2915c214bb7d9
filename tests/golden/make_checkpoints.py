"""Writes tests/data/golden/checkpoints/NAME/ and checkpoints/logits.json: a tiny random checkpoint of each family as
`transformers` saves it (config.json and safetensors), and its logits by `transformers` in double precision.

Keys and values are rounded to half precision before attention, because that is what the cache holds. What is close to
the middle between two halves falls to either side by the last bit of what was computed, so in single precision
`transformers` itself is some way from this: `single` says how far, and `unrounded` how far the logits without any
rounding are, both as a part of the largest logit. Where it is over 1e-5, the next seed is taken: the point is the
definition, not where a value close to the middle falls.

Usage: python make_checkpoints.py   (needs torch and transformers; made with 2.15 and 5.24)
"""
import json
import math
import pathlib
import shutil
import sys

import torch
from transformers import AttentionInterface, AutoConfig, AutoModelForCausalLM
from transformers.masking_utils import AttentionMaskInterface, eager_mask

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/golden/checkpoints"
VOCAB, TOKENS, STABLE = 50, 21, 1e-5
BASE = dict(vocab_size=VOCAB, hidden_size=40, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=12, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=0,
            eos_token_id=1, pad_token_id=None)
GEMMA = dict(hidden_activation="gelu_pytorch_tanh", sliding_window=6, rms_norm_eps=1e-6)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, rope_theta=5e5,
              original_max_position_embeddings=32)
# name: model_type, how it is saved, what its config.json says.
FAMILIES = {
    "llama3": ("llama", "f32", dict(tie_word_embeddings=True, rope_parameters=LLAMA3)),
    "llama-bias-linear": ("llama", "f16", dict(attention_bias=True, mlp_bias=True,
                                               rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=1e4))),
    "llama-dynamic": ("llama", "f32", dict(rope_parameters=dict(rope_type="dynamic", factor=2.0, rope_theta=1e4))),
    "mistral": ("mistral", "bf16 in shards", dict(sliding_window=5)),
    "qwen2-yarn": ("qwen2", "f32", dict(head_dim=None, rope_parameters=dict(
        rope_type="yarn", factor=4.0, rope_theta=1e6, original_max_position_embeddings=16))),
    "qwen3": ("qwen3", "bf16", dict(tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1e6))),
    "mixtral": ("mixtral", "bf16", dict(num_local_experts=4, num_experts_per_tok=2,
                                       rope_parameters=dict(rope_type="default", rope_theta=1e6))),
    "qwen3-moe": ("qwen3_moe", "bf16", dict(tie_word_embeddings=True, num_experts=6, num_experts_per_tok=3, moe_intermediate_size=24,
                                            norm_topk_prob=True, rope_parameters=dict(rope_type="default", rope_theta=1e6))),
    "gemma2": ("gemma2", "f32", dict(attn_logit_softcapping=5.0, final_logit_softcapping=3.0, query_pre_attn_scalar=10,
                                     **GEMMA)),
    "gemma3": ("gemma3_text", "bf16", dict(num_hidden_layers=7, query_pre_attn_scalar=12, rope_parameters=dict(
        full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
        sliding_attention=dict(rope_type="default", rope_theta=1e4)), **GEMMA)),
    "phi3": ("phi3", "f16", dict(head_dim=None, partial_rotary_factor=0.8, original_max_position_embeddings=32,
                                 rope_parameters=dict(rope_type="longrope", rope_theta=1e4, partial_rotary_factor=0.8,
                                                      short_factor=[1.0, 1.1, 1.5, 2.5],
                                                      long_factor=[2.0, 2.2, 3.0, 5.0]))),
}
# With seed 1 a part of 3e-7 more on keys and values before they are rounded to halves moves logits by 1e-4 of the largest (seen at
# token 7, where ours are that far away): sums in another order do that.
FIRST_SEED = {"mixtral": 2}
DTYPES = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def half_cache(module, query, key, value, attention_mask, **kwargs):
    eager = sys.modules[type(module).__module__].eager_attention_forward
    key, value = (t.half().to(query.dtype) for t in (key, value))
    return eager(module, query, key, value, attention_mask, **kwargs)


AttentionInterface.register("half_cache", half_cache)
AttentionMaskInterface.register("half_cache", eager_mask)


def randomise(model, gemma, dtype):
    for name, parameter in model.named_parameters():
        random = torch.randn(parameter.shape)
        if parameter.ndim >= 2:
            value = random / math.sqrt(parameter.shape[-1]) * 1.5
        else:
            value = 0.3 * random + (1.0 if "norm" in name and not gemma else 0.0)
        parameter.data = value.to(dtype).float()


def logits(folder, tokens, attention, dtype=torch.float64):
    # The fused experts have no double precision.
    plain = {"experts_implementation": "eager"} if folder.name in ("mixtral", "qwen3-moe") else {}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation=attention, **plain)
    with torch.no_grad():
        return model(tokens[None], use_cache=False).logits[0]


def make(name, seed):
    model_type, saved, changes = FAMILIES[name]
    torch.manual_seed(seed)
    values = {key: value for key, value in {**BASE, **changes}.items() if (key, value) != ("head_dim", None)}
    config = AutoConfig.for_model(model_type, **values)
    dtype = DTYPES[saved.split()[0]]
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    randomise(model, model_type.startswith("gemma"), dtype)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder, max_shard_size="20KB" if "shards" in saved else "1GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokens = torch.randint(0, VOCAB, (TOKENS,))
    rows = logits(folder, tokens, "half_cache")
    others = {"single": logits(folder, tokens, "half_cache", torch.float32),
              "unrounded": logits(folder, tokens, "eager")}
    far = {key: float(f"{(rows - own).abs().max() / rows.abs().max():.1e}") for key, own in others.items()}
    return {"model": name, "tokens": tokens.tolist(), "seed": seed, **far,
            "logits": [[float(f"{v:.7g}") for v in row] for row in rows.tolist()]}


def main():
    found = []
    for name in FAMILIES:
        rows = (make(name, seed) for seed in range(FIRST_SEED.get(name, 0), 100))
        found.append(next(row for row in rows if row["single"] <= STABLE))
        print(*(f"{key} {value}" for key, value in found[-1].items() if key not in ("tokens", "logits")))
    (OUT / "logits.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in found) + "\n]\n")


if __name__ == "__main__":
    main()
