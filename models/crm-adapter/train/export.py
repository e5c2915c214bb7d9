"""Writes the adapter as PEFT has it, with manifest and card: `export.py --checkpoint run/final.pt --model FILE.gguf --out DIR`."""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from model import GROUPS, Adapter, Shape

CARD = """# The adapter for the shipped use cases

LoRA of rank {rank} (alpha {alpha:g}) on the {modules} matrices of layers {first} to {last} of SmolLM2-135M-Instruct in 4 bits,
for choosing sentences: which ones of a record's texts belong into an answer, whether another one follows, whether an
optional part is written, which word of a list fits. It adds nothing that the model could invent with: what can come out
is set by the use case ([docs/answers.md](../../docs/answers.md)).

* **Made from**: {n_train} exported examples of {n_texts} hand-written records ([texts](texts/README.md)), varied by
  [train/generator](train/README.md); `train.jsonl` has SHA-256 `{train_digest}`.
* **Base**: the file with SHA-256 `{base_digest}`, and no other: the adapter was trained on its dequantised weights.
* **Training**: {steps} steps, see [train](train/README.md).

## Measured

{measured}

## Limits

* English, with about one in nine texts in seven other languages.
* Trained on the shipped use cases of the version in the export; another wording of the prompt is not what it learnt.
* It can choose badly. Which sentences matter was decided by the writers of the texts.
* What is measured above is on records of the same writers, kept out of training.

Apache-2.0, as the base and the project.
"""


def sha256(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tensors_of(adapter: Adapter, dtype=torch.float16) -> dict[str, torch.Tensor]:
    """The halves of each matrix under PEFT's names, rows in Hugging Face's order."""
    found, rank = {}, adapter.rank
    for (layer, group), a in adapter.a.items():
        for i, (module, (start, end)) in enumerate(zip(GROUPS[group], adapter.rows(group))):
            block = "self_attn" if group in ("qkv", "o") else "mlp"
            name = f"base_model.model.model.layers.{layer}.{block}.{module}"
            found[f"{name}.lora_A.weight"] = a.detach()[i * rank : (i + 1) * rank].to(dtype).contiguous()
            found[f"{name}.lora_B.weight"] = adapter.b[layer, group].detach()[start:end].to(dtype).contiguous()
    return found


def write_peft(adapter: Adapter, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "adapter_model.safetensors"
    save_file(tensors_of(adapter), weights, metadata={"format": "pt"})
    weights.chmod(0o644)
    layers = None if adapter.first_layer == 0 else list(range(adapter.first_layer, adapter.shape.layers))
    config = {
        "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct", "bias": "none", "fan_in_fan_out": False, "inference_mode": True,
        "init_lora_weights": True, "layers_to_transform": layers, "layers_pattern": None if layers is None else "layers",
        "lora_alpha": adapter.alpha, "lora_dropout": 0.0, "modules_to_save": None, "peft_type": "LORA", "r": adapter.rank,
        "target_modules": [module for modules in GROUPS.values() for module in modules], "task_type": "CAUSAL_LM",
        "use_dora": False, "use_rslora": False,
    }
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")


def read_peft(folder: Path, shape: Shape) -> Adapter:
    """The adapter in a folder, for training on or for measuring."""
    config = json.loads((folder / "adapter_config.json").read_text())
    adapter = Adapter(shape, config["r"], config["lora_alpha"], min(config.get("layers_to_transform") or [0]))
    with safe_open(folder / "adapter_model.safetensors", "pt") as file, torch.no_grad():
        for (layer, group), a in adapter.a.items():
            block = "self_attn" if group in ("qkv", "o") else "mlp"
            names = [f"base_model.model.model.layers.{layer}.{block}.{module}" for module in GROUPS[group]]
            a.copy_(torch.cat([file.get_tensor(f"{name}.lora_A.weight").float() for name in names]))
            adapter.b[layer, group].copy_(torch.cat([file.get_tensor(f"{name}.lora_B.weight").float() for name in names]))
    return adapter


def manifest(folder: Path, base_digest: str) -> str:
    head = f'''# The adapter of the default chat model for the shipped use cases: our own training, see MODEL_CARD.md and train/.
name = "crm-adapter"
kind = "adapter"
architecture = "lora"
format = "safetensors"
description = "LoRA for SmolLM2 135M Instruct (Q4_1): picks the sentences of a CRM record that matter"
# The only file that it fits: it was trained on these weights.
base_sha256 = "{base_digest}"

[licence]
spdx = "Apache-2.0"
url = "https://www.apache.org/licenses/LICENSE-2.0"
'''
    files = ""
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        path = folder / name
        files += f'\n[[file]]\nname = "{name}"\nsha256 = "{sha256(path)}"\nbytes = {path.stat().st_size}\n'
    return head + files


def measured(log: Path) -> str:
    """A table from the first and the last look at the dev records."""
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    looks = [line for line in lines if "dev" in line]
    if not looks:
        return "Not measured."
    first, last = looks[0], looks[-1]
    rows = [f"| decisions on dev records | number | step {first['step']} | step {last['step']} |", "|---|---|---|---|"]
    for key, count in last["dev"]["decisions"].items():
        rows.append(f"| {key} | {count} | {first['dev']['accuracy'].get(key, float('nan')):.3f} | {last['dev']['accuracy'][key]:.3f} |")
    rows.append(f"| answers with every decision right | | {first['dev']['answers']:.3f} | {last['dev']['answers']:.3f} |")
    return "\n".join(rows) + "\n\nStep 0 is the model without adapter. Each decision is taken with all before it right (`train.py`)."


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--model", required=True, help="the GGUF file that it was trained on")
    parser.add_argument("--train", help="the exported lines, for the card")
    parser.add_argument("--log", help="log.jsonl of the run, for the card")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    out = Path(options.out)
    from model import load

    state = torch.load(options.checkpoint)
    adapter = Adapter.of(load(options.model).shape, state["adapter"])
    write_peft(adapter, out)
    base_digest = sha256(options.model)
    (out / "manifest.toml").write_text(manifest(out, base_digest), encoding="utf-8")
    lines = map(json.loads, open(options.train)) if options.train else []
    examples = [line["id"] for line in lines if line["decisions"]]
    card = CARD.format(
        rank=adapter.rank, alpha=adapter.alpha, modules="seven", first=adapter.first_layer, last=adapter.shape.layers - 1,
        n_train=len(examples), n_texts=len({name.split("-v")[0] for name in examples}), steps=state["step"], base_digest=base_digest,
        train_digest=sha256(options.train) if options.train else "not given", measured=measured(Path(options.log or "none")),
    )
    (out / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    print((out / "manifest.toml").read_text())


if __name__ == "__main__":
    main()
