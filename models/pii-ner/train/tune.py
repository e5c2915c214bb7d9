"""Sets the biases of the tags on the dev parts: `tune.py --checkpoint run/final.pt --tokenizer F --real DIR --out bias.json`.

A model trained on generated text marks too much in real text. One number per kind, added to the logits of its
tags, moves it between finding more and being right more often. The measure is F1 by word, on real text and on
synthetic text of held-out frames; kinds that no real source annotates are set on the synthetic text alone.
"""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch

import generator
import real
from encode import load_tokenizer, tags_of
from evaluate import load
from labels import KINDS, TAGS
from predict import logits_of

GRID = np.arange(-1.5, 1.01, 0.25)
REAL_SHARE = 0.6
# A bias must earn this much, so that noise of the dev parts sets none.
GAIN = 0.0004


def words_of(model, tokenizer, records, kinds):
    """Scores [words, 1 + kinds] and gold (0 for O, else 1 + the kind's place) of all words of some records."""
    scores, gold = [], []
    for record, (encoded, logits) in zip(records, logits_of(model, tokenizer, [r["text"] for r in records])):
        spans = [s for s in real.spans_of(record) if s[2] in kinds]
        for i, tag in enumerate(tags_of(encoded, spans)):
            if encoded.first[i]:
                row = logits[i]
                scores.append([row[0], *(max(row[1 + 2 * k], row[2 + 2 * k]) for k in range(len(KINDS)))])
                gold.append(0 if tag == "O" else 1 + KINDS.index(tag[2:]))
    return np.array(scores), np.array(gold)


def f1(predicted, gold, kind: int) -> float:
    both = ((predicted == kind) & (gold == kind)).sum()
    return 2 * both / max((predicted == kind).sum() + (gold == kind).sum(), 1)


def objective(sets, bias) -> float:
    """Mean F1 over the kinds; real sets count by their number of gold words of the kind."""
    predictions = [((scores + bias).argmax(-1), gold, kinds) for _, scores, gold, kinds in sets]
    total = 0.0
    for place, kind in enumerate(KINDS, 1):
        synthetic = f1(*predictions[0][:2], place)
        parts = [(f1(p, g, place), (g == place).sum()) for p, g, kinds in predictions[1:] if kind in kinds]
        weight = sum(min(n, 300) for _, n in parts)
        if weight:
            on_real = sum(value * min(n, 300) for value, n in parts) / weight
            total += REAL_SHARE * on_real + (1 - REAL_SHARE) * synthetic
        else:
            total += synthetic
    return total / len(KINDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--real", required=True)
    parser.add_argument("--limit", type=int, default=300, help="records of each real source")
    parser.add_argument("--synthetic", type=int, default=800)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="file for the biases; without it only the score is printed")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, _ = load(options.checkpoint)
    tokenizer = load_tokenizer(options.tokenizer)

    rng = random.Random(3)
    sets = [("synthetic", *words_of(model, tokenizer, generator.records(options.synthetic, 77), KINDS), KINDS)]
    for source, records in real.dev_records(options.real).items():
        cut = [p for r in records for p in real.pieces(source, r, rng)]
        kinds = tuple(k for k in KINDS if k in real.ANNOTATED.get(source, real.NAMES))
        sets.append((source, *words_of(model, tokenizer, rng.sample(cut, min(options.limit, len(cut))), kinds), kinds))
    bias = np.zeros(1 + len(KINDS))
    best = objective(sets, bias)
    print(f"without bias {best:.4f}")
    for _ in range(2 if options.out else 0):
        for place in range(1, 1 + len(KINDS)):
            for value in GRID:
                trial = bias.copy()
                trial[place] = value
                score = objective(sets, trial)
                if score > best + GAIN:
                    best, bias = score, trial
    print(f"with bias {best:.4f}", dict(zip(KINDS, bias[1:].tolist())))
    for name, scores, gold, kinds in sets:
        predicted = (scores + bias).argmax(-1)
        print(f"{name:24}", " ".join(f"{k} {f1(predicted, gold, 1 + KINDS.index(k)):.3f}" for k in kinds))
    if options.out:
        by_tag = {tag: float(bias[0 if tag == "O" else 1 + KINDS.index(tag[2:])]) for tag in TAGS}
        Path(options.out).write_text(json.dumps(by_tag, indent=1) + "\n")


if __name__ == "__main__":
    main()
