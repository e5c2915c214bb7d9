"""Measures the recogniser on gold JSON lines or on the dev parts of the real sources.

    evaluate.py --model pii-ner.gguf --tokenizer tokenizer.json gold/*.jsonl
    evaluate.py --model run/final.pt --tokenizer tokenizer.json --real DIR --synthetic 800

A gold line is {"text", "language", "spans": [{"start", "end", "label"}]}; offsets count code points. Three measures:
exact (same borders and kind), overlap (a find of the kind touches the gold span), character (within the kind).
"any" is by character without regard to kind: how much of what is personal gets found at all; "masked" is the share of gold
spans of which no character is left. With --negatives: false alarms per 5,000 characters of texts that hold no personal data.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import torch

import real
from encode import OVERLAP, WINDOW, load_tokenizer
from export import read_gguf
from labels import KINDS, TAGS, kind_of
from model import Recogniser
from predict import decode, logits_of


# The server counts a find from this score on, unless its configuration says otherwise.
LEAST = 0.5


def load(path: str):
    """A model from an exported file or a checkpoint, its bias (zero for checkpoints)."""
    if path.endswith(".gguf"):
        return read_gguf(path)
    model = Recogniser()
    model.load_state_dict(torch.load(path)["model"])
    return model.eval(), np.zeros(len(TAGS), dtype=np.float32)


class Counts:
    """Sums for one label: exact and overlapping hits, characters."""

    def __init__(self):
        self.gold = self.found = self.exact = self.touched_gold = self.touched_found = self.masked = 0
        self.chars_gold = self.chars_found = self.chars_both = 0

    def add(self, gold: set, found: set):
        self.gold += len(gold)
        self.found += len(found)
        self.exact += len(gold & found)
        touch = lambda span, others: any(span[0] < e and s < span[1] for s, e in others)
        self.touched_gold += sum(touch(g, found) for g in gold)
        self.touched_found += sum(touch(f, gold) for f in found)
        mine = {c for s, e in gold for c in range(s, e)}
        theirs = {c for s, e in found for c in range(s, e)}
        self.masked += sum(all(c in theirs for c in range(s, e)) for s, e in gold)
        self.chars_gold += len(mine)
        self.chars_found += len(theirs)
        self.chars_both += len(mine & theirs)

    def row(self) -> list[float]:
        """Precision, recall and F1: exact, overlap, characters."""
        out = []
        for hit_p, found, hit_r, gold in (
            (self.exact, self.found, self.exact, self.gold),
            (self.touched_found, self.found, self.touched_gold, self.gold),
            (self.chars_both, self.chars_found, self.chars_both, self.chars_gold),
        ):
            p, r = hit_p / max(found, 1), hit_r / max(gold, 1)
            out += [p, r, 2 * p * r / max(p + r, 1e-9)]
        return out


def measure(golds, founds, kinds=KINDS) -> dict[str, Counts]:
    """Counts by kind, over all ("all") and without regard to kind ("any")."""
    counts = defaultdict(Counts)
    for gold, found in zip(golds, founds):
        gold = [g for g in gold if g[2] in kinds]
        found = [f for f in found if f[2] in kinds]
        for kind in kinds:
            mine = {g[:2] for g in gold if g[2] == kind}
            theirs = {f[:2] for f in found if f[2] == kind}
            if mine or theirs:
                counts[kind].add(mine, theirs)
        counts["any"].add({g[:2] for g in gold}, {f[:2] for f in found})
    total = Counts()
    for kind in kinds:
        for name, value in vars(counts[kind]).items():
            setattr(total, name, getattr(total, name) + value)
    counts["all"] = total
    return counts


def report(title: str, counts: dict[str, Counts]):
    print(f"\n{title}\n{'':14}{'gold':>6}{'found':>6} | exact P    R    F1 | overlap P  R    F1 | chars P    R    F1 | masked")
    for label in (*KINDS, "all", "any"):
        if label in counts and (counts[label].gold or counts[label].found):
            values = counts[label].row()
            parts = " |".join("".join(f" {v:.3f}" for v in values[i : i + 3]) for i in (0, 3, 6))
            masked = counts[label].masked / max(counts[label].gold, 1)
            print(f"{label:14}{counts[label].gold:6}{counts[label].found:6} |{parts} | {masked:.3f}")


def false_alarms(lists, records, founds) -> Counter:
    """Marks by kind that hold a word which no list of names, places and times has: those are wrong beyond doubt."""
    wrong = Counter()
    for record, found in zip(records, founds):
        text = record["text"]
        possible = lists.open_spans(text)
        for start, end, kind, _ in found:
            inside = {c for s, e in possible for c in range(s, e)}
            wrong[kind] += any(text[c].isalnum() and c not in inside for c in range(start, end))
    return wrong


def thing_texts(folder: str, limit: int, part: str = "held", seed: int = 5):
    """Held-out texts of each language, some paragraphs each as training joins them, with the lists of the language."""
    import negatives

    train = negatives.gazetteers(folder)
    for lang, records in negatives.read(folder, part).items():
        rng, out = random.Random(seed), []
        while sum(len(r["text"]) for r in out) < limit:
            out.append({"text": negatives.join(negatives.run(records, rng), rng)})
        yield lang, train[lang], out


def finder(model, bias, tokenizer, options):
    """Texts to finds, as the server makes them."""

    def find(texts):
        found = logits_of(model, tokenizer, texts, window=options.window, overlap=options.overlap)
        return [[span for span in decode(e, l, bias) if span[3] >= options.least] for e, l in found]

    return find


def report_false_alarms(find, folder: str, limit: int):
    everything, chars = Counter(), 0
    print("\nfalse alarms per 5,000 characters without personal data")
    for lang, lists, records in thing_texts(folder, limit):
        founds = find([r["text"] for r in records])
        wrong, size = false_alarms(lists, records, founds), sum(len(r["text"]) for r in records)
        everything.update(wrong)
        chars += size
        print(f"{lang} {sum(wrong.values()) * 5000 / size:6.2f}  {dict(wrong)} in {size}", flush=True)
    print(f"all {sum(everything.values()) * 5000 / max(chars, 1):5.2f}  {dict(everything)} in {chars}")


def gold_of(record: dict) -> list[tuple[int, int, str]]:
    return real.spans_of(record)


def read_jsonl(path: str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="pii-ner.gguf or a checkpoint")
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--real", help="folder of the real sources: their dev parts")
    parser.add_argument("--synthetic", type=int, default=0, help="so many texts of held-out frames")
    parser.add_argument("--negatives", help="folder of negatives.py: its held-out texts")
    parser.add_argument("--chars", type=int, default=40000, help="so many characters of each language's held-out texts")
    parser.add_argument("--limit", type=int, default=0, help="at most so many records of each source")
    parser.add_argument("--least", type=float, default=LEAST, help="the least score of a find that counts")
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--overlap", type=int, default=OVERLAP)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--brief", action="store_true", help="only the totals")
    parser.add_argument("gold", nargs="*", help="gold files")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model, bias = load(options.model)
    find = finder(model, bias, load_tokenizer(options.tokenizer), options)

    sets = [(Path(path).stem, read_jsonl(path), KINDS) for path in options.gold]
    if options.real:
        for source, records in real.dev_records(options.real).items():
            kinds = tuple(k for k in KINDS if k in real.ANNOTATED.get(source, real.NAMES))
            sets.append((source, records, kinds))
    if options.synthetic:
        import generator

        sets.append(("synthetic", generator.records(options.synthetic, 99), KINDS))
    everything = ([], [])
    for name, records, kinds in sets:
        records = records[: options.limit] if options.limit else records
        golds = [gold_of(r) for r in records]
        founds = find([r["text"] for r in records])
        counts = measure(golds, founds, kinds)
        if options.brief:
            counts = {k: v for k, v in counts.items() if k in ("all", "any")}
        report(f"{name} ({len(records)} texts)", counts)
        everything[0].extend(golds)
        everything[1].extend(founds)
    if len(options.gold) > 1 and len(sets) == len(options.gold):
        report("all gold files", measure(*everything))
    if options.negatives:
        report_false_alarms(find, options.negatives, options.chars)


if __name__ == "__main__":
    main()
