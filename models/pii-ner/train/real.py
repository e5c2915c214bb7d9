"""The labelled sentences of public sources: what their gold says about our tags, and what it leaves open.

A source that does not annotate dates says nothing about dates. Each piece therefore gets the *set* of tags
that the gold allows, and the loss takes the probability of the whole set.
"""

import gzip
import hashlib
import json
import random
from pathlib import Path

from encode import WINDOW, encode, tags_of
from labels import INDEX, KINDS, kind_of

NAMES = frozenset(("PERSON", "ORGANISATION", "LOCATION"))
# Kinds that each source annotates throughout; a piece outside all spans is none of them.
ANNOTATED = {"meddocan": NAMES | {"ADDRESS", "DATE_TIME", "AGE"}}
# Sources of which only one part is here: it serves for training and tuning, split by the digest of the id.
ONLY_DEV = ("germeval2014", "uner_english-ewt")
DEV_SHARE = 0.3
# How often a file is drawn from, against the others.
WEIGHTS = {
    "germeval2014": 1.6,
    "uner_english-ewt": 1.4,
    "uner_portuguese-bosque": 2.0,
    "uner_danish-ddt": 0.8,
    "uner_swedish-talbanken": 0.5,
    "meddocan": 1.0,
}


def bits(*tags: str) -> int:
    """A set of tags as the bits of a number."""
    return sum(1 << INDEX[tag] for tag in tags)


def _both(kind: str) -> int:
    return bits("B-" + kind, "I-" + kind)


def _open_kinds(source: str) -> int:
    annotated = ANNOTATED.get(source, NAMES)
    return sum(_both(kind) for kind in KINDS if kind not in annotated)


def read(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def spans_of(record: dict) -> list[tuple[int, int, str]]:
    """The spans of our kinds."""
    kinds = ((s["start"], s["end"], kind_of(s["label"])) for s in record["spans"])
    return [span for span in kinds if span[2]]


def is_dev(source: str, record: dict) -> bool:
    return source in ONLY_DEV and hashlib.sha256(record["id"].encode()).digest()[0] < 256 * DEV_SHARE


def files(folder: str):
    """Pairs of source and path, in a fixed order."""
    for path in sorted(Path(folder).glob("*.jsonl.gz")):
        yield path.name.split(".")[0], path


def training_records(folder: str) -> dict[str, list[dict]]:
    out = {}
    for source, path in files(folder):
        records = read(path)
        if source in ONLY_DEV:
            out[source] = [r for r in records if not is_dev(source, r)]
        elif ".train." in path.name:
            out[source] = records
    return out


def dev_records(folder: str) -> dict[str, list[dict]]:
    """Held back from training, to choose checkpoints and to set biases."""
    out = {}
    for source, path in files(folder):
        if ".dev." in path.name:
            out[source] = [r for r in read(path) if source not in ONLY_DEV or is_dev(source, r)]
    return out


def allowed(source: str, record: dict, encoded, gazetteer=None) -> list[int]:
    """For each piece the tags that the gold allows. What the source does not annotate is left open where the gazetteer
    does, everywhere without one."""
    text, still_open = record["text"], _open_kinds(source)
    tags = tags_of(encoded, spans_of(record))
    is_open = gazetteer.left_open(text, encoded) if gazetteer else [True] * len(tags)
    sets = []
    for i, tag in enumerate(tags):
        if tag == "O":
            ours = bits("O")
            if is_open[i]:
                ours |= still_open
        else:
            ours = bits(tag)
            near = text[encoded.offsets[i][1] :][:6]
            if tag.endswith("LOCATION") and source != "meddocan" and any(c.isdigit() for c in near):
                ours |= _both("ADDRESS")
            if tag.endswith("ADDRESS"):
                ours |= _both("LOCATION") | _both("ADDRESS")
            if tag.endswith("LOCATION") and source == "meddocan":
                ours |= _both("ADDRESS")
        sets.append(ours)
    return sets


def pieces(source: str, record: dict, rng: random.Random) -> list[dict]:
    """A record cut at line ends into texts of at most a window; short records stay whole."""
    text = record["text"]
    if len(text) < 400:
        return [record]
    limit = rng.choice((80, 200, 400, 600))
    out, start = [], 0
    while start < len(text):
        end = min(start + limit, len(text))
        for mark in ("\n", ". ", " "):
            cut = text.rfind(mark, start + limit // 2, end)
            if end < len(text) and cut > 0:
                end = cut + 1
                break
        part = [
            {**s, "start": s["start"] - start, "end": s["end"] - start}
            for s in record["spans"]
            if s["start"] >= start and s["end"] <= end
        ]
        if not any(s["start"] < end < s["end"] or s["start"] < start < s["end"] for s in record["spans"]):
            out.append({**record, "text": text[start:end], "spans": part})
        start = end
    return out


def stream(folder: str, tokenizer, seed: int, gazetteers=None):
    """Endless training examples (ids, cases, first, sets of tags), sources drawn by weight, each shuffled anew."""
    rng = random.Random(seed)
    records = training_records(folder)
    sources = list(records)
    weights = [WEIGHTS[s] for s in sources]
    queues: dict[str, list] = {s: [] for s in sources}
    while True:
        source = rng.choices(sources, weights)[0]
        if not queues[source]:
            queues[source] = [p for r in records[source] for p in pieces(source, r, rng)]
            rng.shuffle(queues[source])
        record = queues[source].pop()
        encoded = encode(tokenizer, record["text"])
        if 0 < len(encoded) <= WINDOW - 2:
            gazetteer = gazetteers.get(record["lang"]) if gazetteers else None
            yield encoded, allowed(source, record, encoded, gazetteer)
