"""Sets the biases of the tags on the dev parts: `tune.py --checkpoint run/final.pt --tokenizer F --real DIR --negatives DIR --out bias.json`.

One number per kind, added to the logits of its tags, moves it between finding more and being right more often. The measure
is F by word, on real text and on synthetic text of held-out frames, alone and amid real text; a kind that no real source
annotates is set on the synthetic text alone. False alarms in texts that hold no personal data have a price, a high one above
the budget; a word found of a kind that the server lets stand by default counts less than one of a person.
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
from evaluate import load, thing_texts
from labels import KINDS, TAGS
from predict import logits_of

GRID = np.arange(-5.0, 1.51, 0.25)
REAL_SHARE = 0.5
# What a kind's F counts: the server masks the ones, and only shows the others.
WORTH = {"PERSON": 2.0, "ADDRESS": 1.5, "LOCATION": 1.0, "AGE": 0.7, "NATIONALITY": 0.5, "ORGANISATION": 0.7, "DATE_TIME": 0.7, "TITLE": 0.5}
# A person or address that is missed is worse than one too many.
BETA = {"PERSON": 2.0, "ADDRESS": 2.0}
# A bias must earn this much, so that noise of the dev parts sets none.
GAIN = 0.0004
# Price of one false alarm per 5,000 characters, up to the budget and above it.
PRICE, DEAR = 0.002, 0.03


def rows_of(encoded, logits):
    """Scores [words, 1 + kinds] of the words of a text, a kind's being its better tag's."""
    heads = [i for i, first in enumerate(encoded.first) if first]
    return [[logits[i][0], *(max(logits[i][1 + 2 * k], logits[i][2 + 2 * k]) for k in range(len(KINDS)))] for i in heads], heads


def words_of(model, tokenizer, records, kinds):
    """Scores and gold (0 for O, else 1 + the kind's place) of all words of some records."""
    scores, gold = [], []
    for record, (encoded, logits) in zip(records, logits_of(model, tokenizer, [r["text"] for r in records])):
        rows, heads = rows_of(encoded, logits)
        tags = tags_of(encoded, [s for s in real.spans_of(record) if s[2] in kinds])
        scores += rows
        gold += [0 if tags[i] == "O" else 1 + KINDS.index(tags[i][2:]) for i in heads]
    return np.array(scores), np.array(gold)


def salted(folder: str, count: int, chars: int):
    """Texts without personal data, into which held-out frames put some."""
    rng, out = random.Random(8), []
    for lang, _, records in thing_texts(folder, chars, "dev", 6):
        for record in records[:count]:
            text, spans = generator.salted(rng, lang, record["text"][:500], held=True)
            out.append({"text": text, "spans": [{"start": s, "end": e, "label": k} for s, e, k in spans]})
    return out


def things(model, tokenizer, folder: str, chars: int):
    """Scores of the words of texts without personal data, which of them are surely none, and the number of characters."""
    scores, sure, size = [], [], 0
    for _, lists, records in thing_texts(folder, chars, "dev"):
        for record, (encoded, logits) in zip(records, logits_of(model, tokenizer, [r["text"] for r in records])):
            rows, heads = rows_of(encoded, logits)
            sets = lists.allowed(record["text"], encoded, [])
            scores += [*rows, [99.0] + [-99.0] * len(KINDS)]
            sure += [sets[i] == 1 and any(c.isalnum() for c in record["text"][slice(*encoded.offsets[i])]) for i in heads] + [False]
            size += len(record["text"])
    return np.array(scores), np.array(sure), size


def alarms(scores, sure, size: int, bias) -> tuple[float, np.ndarray]:
    """Marks on words that are surely nothing, per 5,000 characters; words that follow each other with one kind are one mark."""
    kinds = (scores + bias).argmax(-1)
    begins = np.concatenate([[True], kinds[1:] != kinds[:-1]])
    mark = np.cumsum(begins)
    wrong = np.unique(mark[(kinds > 0) & sure], return_index=True)[1]
    by_kind = np.bincount(kinds[(kinds > 0) & sure][wrong], minlength=1 + len(KINDS))[1:] * 5000 / size
    return by_kind.sum(), by_kind


def f(predicted, gold, kind: int, beta: float = 1.0) -> float:
    """F by word; with `beta` above 1 what is missed weighs more than what is wrong."""
    both = ((predicted == kind) & (gold == kind)).sum()
    return (1 + beta**2) * both / max((predicted == kind).sum() + beta**2 * (gold == kind).sum(), 1)


def objective(sets, negative, bias, budget: float) -> float:
    """Mean F over the kinds less the price of false alarms; real sets count by their number of gold words of the kind."""
    predictions = [((scores + bias).argmax(-1), gold, kinds) for _, scores, gold, kinds in sets]
    total = 0.0
    for place, kind in enumerate(KINDS, 1):
        beta = BETA.get(kind, 1.0)
        made = [f(p, g, place, beta) for (name, *_), (p, g, _) in zip(sets, predictions) if name in ("synthetic", "salted")]
        parts = [(f(p, g, place, beta), (g == place).sum()) for (name, *_), (p, g, kinds) in zip(sets, predictions) if name not in ("synthetic", "salted") and kind in kinds]
        weight = sum(min(n, 300) for _, n in parts)
        value = np.mean(made)
        if weight:
            on_real = sum(v * min(n, 300) for v, n in parts) / weight
            value = REAL_SHARE * on_real + (1 - REAL_SHARE) * value
        total += WORTH[kind] * value
    score = total / sum(WORTH.values())
    if negative:
        wrong, _ = alarms(*negative, bias)
        score -= PRICE * wrong + DEAR * max(wrong - budget, 0)
    return score


def search(sets, negative, budget: float):
    """Coordinate by coordinate, from no biases and from low ones."""
    best, chosen = -1e9, None
    for start in (0.0, -1.5, -3.0):
        bias = np.full(1 + len(KINDS), start)
        bias[0] = 0
        mine = objective(sets, negative, bias, budget)
        for _ in range(3):
            before = mine
            for place in range(1, 1 + len(KINDS)):
                for value in GRID:
                    trial = bias.copy()
                    trial[place] = value
                    score = objective(sets, negative, trial, budget)
                    if score > mine + GAIN:
                        mine, bias = score, trial
            if mine - before < GAIN:
                break
        if mine > best:
            best, chosen = mine, bias
    return best, chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--real", required=True)
    parser.add_argument("--negatives", help="folder of negatives.py: its dev part")
    parser.add_argument("--budget", type=float, default=0.8, help="false alarms per 5,000 characters")
    parser.add_argument("--chars", type=int, default=12000, help="of each language's texts without personal data")
    parser.add_argument("--limit", type=int, default=200, help="records of each real source")
    parser.add_argument("--synthetic", type=int, default=480)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", help="file for the biases; without it only the scores are printed")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, given = load(options.checkpoint)
    tokenizer = load_tokenizer(options.tokenizer)

    rng = random.Random(3)
    sets = [("synthetic", *words_of(model, tokenizer, generator.records(options.synthetic, 77), KINDS), KINDS)]
    negative = None
    if options.negatives:
        negative = things(model, tokenizer, options.negatives, options.chars)
        sets.append(("salted", *words_of(model, tokenizer, salted(options.negatives, options.synthetic // 16, 6000), KINDS), KINDS))
    for source, records in real.dev_records(options.real).items():
        cut = [p for r in records for p in real.pieces(source, r, rng)]
        kinds = tuple(k for k in KINDS if k in real.ANNOTATED.get(source, real.NAMES))
        sets.append((source, *words_of(model, tokenizer, rng.sample(cut, min(options.limit, len(cut))), kinds), kinds))
    bias = np.array([given[0], *(given[1 + 2 * k] for k in range(len(KINDS)))])
    chosen = [("as it is", objective(sets, negative, bias, options.budget), bias)]
    if options.out:
        chosen.append(("tuned", *search(sets, negative, options.budget)))
    for title, score, bias in chosen:
        print(f"\n{title}: {score:.4f}", dict(zip(KINDS, bias[1:].round(2).tolist())))
        for name, scores, gold, kinds in sets:
            predicted = (scores + bias).argmax(-1)
            print(f"{name:24}", " ".join(f"{k} {f(predicted, gold, 1 + KINDS.index(k)):.3f}" for k in kinds))
        if negative:
            total, by_kind = alarms(*negative, bias)
            print(f"false alarms per 5,000 characters {total:.2f}", {k: round(float(v), 2) for k, v in zip(KINDS, by_kind)}, flush=True)
    if options.out:
        bias = chosen[-1][2]
        by_tag = {tag: float(bias[0 if tag == "O" else 1 + KINDS.index(tag[2:])]) for tag in TAGS}
        Path(options.out).write_text(json.dumps(by_tag, indent=1) + "\n")


if __name__ == "__main__":
    main()
