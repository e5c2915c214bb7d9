"""Writes tests/data/golden/adapters/NAME/: a tiny random model (model.gguf), an adapter for it as `peft` saves it,
and the logits of both by `transformers` and `peft` in float32.

The weights are rounded to half precision before anything computes with them, as the GGUF file has them, and so are
keys and values, as the cache holds them.

Usage: python make_adapters.py   (needs gguf, numpy, peft, torch and transformers)
"""
import json
import pathlib
import shutil

import gguf
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/data/golden/adapters"
SIZES = dict(vocab_size=50, hidden_size=40, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=True,
             pad_token_id=0, bos_token_id=1, eos_token_id=2)
SPLIT = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
FAMILIES = {
    # Rows of queries and keys are in another order in a `llama` file.
    "llama": (LlamaConfig, LlamaForCausalLM, SPLIT, dict(r=4, lora_alpha=8)),
    # A scale by the root of the rank, and not every matrix.
    "qwen2": (Qwen2Config, Qwen2ForCausalLM, ["q_proj", "v_proj", "down_proj"],
              dict(r=3, lora_alpha=2, use_rslora=True)),
    # Fused matrices.
    "phi3": (Phi3Config, Phi3ForCausalLM, ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"],
             dict(r=17, lora_alpha=16)),
}
NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.qkv_proj": "attn_qkv", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}


class HalfCache(DynamicCache):
    """Keys and values in half precision."""

    def update(self, keys, values, *rest, **more):
        return super().update(keys.half().float(), values.half().float(), *rest, **more)


def logits(model, tokens):
    with torch.no_grad():
        rows = model(tokens, past_key_values=HalfCache(), use_cache=True).logits[0]
    return [[round(float(value), 6) for value in row] for row in rows]


def neighbours(rows, heads):
    """From the halves of each head to neighbouring pairs, as llama.cpp's converter does it."""
    shape = (heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return rows.reshape(shape).swapaxes(1, 2).reshape(rows.shape)


def write(name, config, model, path):
    d = config.hidden_size // config.num_attention_heads
    w = gguf.GGUFWriter(path, name)
    w.add_context_length(64); w.add_embedding_length(config.hidden_size); w.add_block_count(2)
    w.add_feed_forward_length(config.intermediate_size); w.add_head_count(config.num_attention_heads)
    w.add_head_count_kv(config.num_key_value_heads); w.add_key_length(d); w.add_value_length(d)
    w.add_layer_norm_rms_eps(config.rms_norm_eps); w.add_rope_freq_base(10000.0); w.add_rope_dimension_count(d)
    w.add_vocab_size(config.vocab_size); w.add_tokenizer_model("none")
    for key, value in model.state_dict().items():
        value = value.numpy()
        if key in ("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"):
            if key == "model.embed_tokens.weight":
                w.add_tensor("token_embd.weight", value.astype(np.float16))
            if key == "model.norm.weight":
                w.add_tensor("output_norm.weight", value.astype(np.float32))
            continue
        _, _, layer, rest = key.split(".", 3)
        part, kind = rest.rsplit(".", 1)
        if name == "llama" and part in ("self_attn.q_proj", "self_attn.k_proj"):
            heads = config.num_attention_heads if "q_proj" in part else config.num_key_value_heads
            value = neighbours(value, heads)
        value = value.astype(np.float16 if value.ndim == 2 else np.float32)
        w.add_tensor(f"blk.{layer}.{NAMES[part]}.{kind}", value)
    w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()


def main():
    for seed, (name, (config_of, model_of, modules, lora)) in enumerate(FAMILIES.items()):
        torch.manual_seed(seed)
        config = config_of(**SIZES)
        model = model_of(config).eval()
        with torch.no_grad():
            for weight in model.parameters():
                mean = 1.0 if weight.ndim == 1 and weight[0] == 1 else 0.0
                spread = 0.3 if weight.ndim == 1 else 1.5 / weight.shape[-1] ** 0.5
                weight.copy_((mean + spread * torch.randn_like(weight)).half().float())
        folder = OUT / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write(name, config, model, folder / "model.gguf")
        tokens = torch.randint(0, 50, (1, 21))
        base = logits(model, tokens)
        tuned = get_peft_model(model, LoraConfig(target_modules=modules, task_type="CAUSAL_LM", **lora))
        with torch.no_grad():
            for key, weight in tuned.named_parameters():
                if "lora_" in key:
                    weight.copy_(0.25 * torch.randn_like(weight))
        tuned.eval()
        adapted = logits(tuned, tokens)
        tuned.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        golden = {"tokens": tokens[0].tolist(), "base": base, "adapted": adapted}
        (folder / "logits.json").write_text(json.dumps(golden) + "\n")
        print(name, np.abs(np.array(base) - adapted).max(), sorted(p.name for p in folder.iterdir()))


if __name__ == "__main__":
    main()
