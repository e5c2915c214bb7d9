"""Under a minute, without network: the generator, ten training steps of a tiny model, export and back."""

import json
import random
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

import curves
import data
import multiply
from compute import Lower, Merged
from export import read_peft, tensors_of, write_peft
from functions import Mixed
from generator import TONE, is_dev, variants, with_tone
from generator.record import leaves
from model import MODULES, Adapter, Base, Shape
from train import evaluate, gradients, share_of

TEXTS = Path(__file__).parent.parent / "texts"
TINY = Shape(vocab=300, hidden=48, inner=80, layers=3, heads=6, kv_heads=2, head_dim=8, epsilon=1e-5, rope_base=10000.0)


def check(name: str, good: bool):
    print(("ok    " if good else "FAIL  ") + name, flush=True)
    if not good:
        raise SystemExit(1)


def generated():
    records = multiply.read(str(TEXTS))[::12]
    varied = list(variants(records, 3, 5))
    check(f"{len(records)} records become {len(varied)}", len(varied) == 4 * len(records))
    for record in varied:
        strings = [text for _, text in leaves(record["variables"])]
        for kind, stretches in record["labels"].items():
            if kind not in ("mood", "tone") and not all(any(s in text for text in strings) for s in stretches):
                check(f"{record['id']}: a label of {kind} is not in the record", False)
    check("labels are verbatim", True)
    check("originals stay as they are", varied[::4] == records)
    changed = sum(a["variables"] != b["variables"] for a, b in zip(varied[::4], varied[1::4]))
    check(f"{changed} of {len(records)} first variants differ", changed > 0.9 * len(records))
    check("the same seed writes the same records", list(variants(records[:9], 2, 5)) == list(variants(records[:9], 2, 5)))
    use_case = tomllib.loads((TEXTS.parents[2] / "prompts" / "adapted" / "reply-draft.toml").read_text())
    sentences = next(part["of"] for part in use_case["answer"] if part.get("name") == "tone")
    check("the tones of replies are those of the use case", sorted({*TONE.values()}) == sorted(sentences))
    tones = sum("tone" in with_tone(r)["labels"] for r in varied)
    check(f"{tones} records have one", 0 < tones < len(varied))
    held = [r for r in records if is_dev(r["id"], 0.1, 5)]
    check(f"{len(held)} of {len(records)} are held out", 0 < len(held) < 0.25 * len(records))


def made_up(count: int) -> list[dict]:
    """Exported lines with a rule that can be learnt: the right token is the one that the prompt names last."""
    rng, lines = random.Random(4), []
    for n in range(count):
        prompt = [rng.randrange(3, 300) for _ in range(rng.randrange(5, 40))]
        right = rng.choice((100, 200))
        decisions = [[0, [300 - right], "word"], [2, [5, 6], "next or stop"]]
        line = {"id": f"r{n // 2}-v{n % 2}", "use_case": "case-summary", "prompt": [*prompt, right], "answer": [right, 7, 2]}
        lines.append(line | {"decisions": decisions})
    return lines


def attention():
    torch.manual_seed(1)
    q, k, v = (torch.randn(2, 300, h, 8, requires_grad=True) for h in (6, 2, 2))
    mine = Mixed.apply(q, k, v)
    # In the fewest words, on the same inputs: query heads 0 to 2 share key head 0.
    keys, values = (x.repeat_interleave(3, dim=2) for x in (k, v))
    scores = torch.einsum("bqhd,bkhd->bhqk", q, keys) / 8**0.5
    later = torch.ones(300, 300, dtype=torch.bool).triu(1)
    theirs = torch.einsum("bhqk,bkhd->bqhd", scores.masked_fill(later, -torch.inf).softmax(-1), values)
    way = torch.randn_like(mine)
    gradients_of = [torch.autograd.grad((y * way).sum(), (q, k, v)) for y in (mine, theirs)]
    gaps = [(a - b).abs().max().item() for a, b in zip(*gradients_of)]
    check(f"attention and its gradients are those of the plain formula, to {max(gaps):.1e}", max(gaps) < 1e-4 and torch.allclose(mine, theirs, atol=1e-5))


def slope():
    """The gradient of the factors against the difference of two losses."""
    base, adapter = Base.random(TINY, 3, torch.float32), Adapter(TINY, 4, 8, seed=1)
    with torch.no_grad():
        for b in adapter.b.values():
            b.normal_(0, 0.1)
    tokens, chosen = torch.randint(0, 300, (2, 20)), torch.tensor([3, 39])
    merged = Merged(base, adapter)
    found = torch.autograd.grad(merged.logits(tokens, chosen).square().mean(), adapter.parameters())
    along = [torch.randn_like(p) for p in adapter.parameters()]
    losses = []
    for step in (1e-3, -1e-3):
        with torch.no_grad():
            for p, d in zip(adapter.parameters(), along):
                p.add_(d, alpha=step)
            merged.refresh()
            losses.append(merged.logits(tokens, chosen).square().mean().item())
            for p, d in zip(adapter.parameters(), along):
                p.sub_(d, alpha=step)
    expected = (losses[0] - losses[1]) / 2e-3
    got = sum((g * d).sum().item() for g, d in zip(found, along))
    check(f"the gradient is the slope: {got:.4f} and {expected:.4f}", abs(got - expected) < 0.02 * abs(expected) + 1e-3)


def trained(folder: Path):
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in made_up(64)))
    examples = data.read(str(path))
    check("a share of the texts is whole texts", len(share_of(examples, 0.25, 1)) == 16 and len({e.origin for e in share_of(examples, 0.25, 1)}) == 8)
    adapter = Adapter(TINY, 8, 16, first_layer=1, seed=2)
    merged = Merged(Base.random(TINY, 9), adapter)
    lower, pool = Lower(merged), ThreadPoolExecutor(2)
    before = evaluate(lower, examples, pool, 512)
    optimiser = torch.optim.AdamW(adapter.parameters(), lr=1e-2)
    stream, losses = data.steps(examples, 512, 1200, 3, 2), []
    for _ in range(10):
        _, parts = next(stream)
        decisions, places = sum(b.decisions for b in parts), sum(len(b.right) for b in parts)
        whole, loss = None, 0.0
        for grads, choice, _, _ in pool.map(lambda b: gradients(lower, b, decisions, places, 0.05), parts):
            whole = list(grads) if whole is None else [a + b for a, b in zip(whole, grads)]
            loss += choice
        for parameter, gradient in zip(adapter.parameters(), whole):
            parameter.grad = gradient
        optimiser.step()
        merged.refresh()
        losses.append(loss / decisions)
    after = evaluate(lower, examples, pool, 512)
    right = [look["accuracy"]["all"] for look in (before, after)]
    better = losses[-1] < 0.8 * losses[0] and right[1] > right[0]
    check(f"ten steps: loss {losses[0]:.2f} to {losses[-1]:.2f}, right {right[0]:.2f} to {right[1]:.2f}", better)
    steps = [{"step": 1, "choice": 2.0, "accuracy": 0.5}, {"step": 2, "choice": 1.0, "accuracy": 0.7}]
    picture = curves.run([*steps, {"step": 0, "dev": before}, {"step": 2, "dev": after}])
    check("the curves are drawn", picture.count("<polyline") >= 4)
    return adapter


def exported(adapter: Adapter, folder: Path):
    write_peft(adapter, folder / "adapter")
    names = set(tensors_of(adapter))
    check("each module of each adapted layer has two halves", len(names) == 2 * len(MODULES) * (TINY.layers - adapter.first_layer))
    back = read_peft(folder / "adapter", TINY)
    near = all(torch.allclose(a, b, rtol=2e-3, atol=1e-6) for a, b in zip(adapter.parameters(), back.parameters()))
    check("what is read is what was written", near and back.first_layer == adapter.first_layer)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    generated()
    attention()
    slope()
    with tempfile.TemporaryDirectory() as name:
        exported(trained(Path(name)), Path(name))
    print("all good")


if __name__ == "__main__":
    main()
