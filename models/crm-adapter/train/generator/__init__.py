"""Varied records from hand-written ones: `variants` keeps every label a verbatim stretch of its record."""

import hashlib
import random

from . import noise
from .facts import Facts
from .record import Record
from .structure import Pools, Structure, language

__all__ = ["TONE", "Pools", "Record", "is_dev", "variants", "with_tone"]

# Which sentence of the use case `reply-draft` goes with which mood of the customer; with a neutral one, none does.
TONE = {
    "angry": "I am sorry for the trouble you have had.",
    "sad": "I am sorry for the trouble you have had.",
    "worried": "I understand that this worries you.",
    "confused": "Sorry that this was not clear.",
    "pleased": "Thank you for the kind words.",
}


def chance_of(*parts) -> random.Random:
    """Chance that depends on nothing but these."""
    return random.Random(hashlib.sha256(":".join(map(str, parts)).encode()).digest())


def is_dev(name: str, share: float, seed: int) -> bool:
    """Whether a hand-written record is kept out of training, to develop on."""
    return chance_of("split", seed, name).random() < share


def variant(raw: dict, number: int, pools: Pools, seed: int) -> dict:
    rng = chance_of("variant", seed, raw["id"], number)
    record = Record(raw)
    path = record.main()
    english = path is None or language(record.text(path)) == "en"
    # Structure first: what comes in from other records gets the names and dates of this one's notation.
    Structure(rng, record, pools).apply()
    Facts(rng, record, english).apply()
    noise.apply(rng, record)
    return record.write(f"{raw['id']}-v{number}")


def variants(raws: list[dict], count: int, seed: int):
    """Each record as it is, and so many varied ones after it, from their own sentences only."""
    pools = Pools([Record(raw) for raw in raws])
    for raw in raws:
        yield raw
        for number in range(1, count + 1):
            yield variant(raw, number, pools, seed)


def with_tone(record: dict) -> dict:
    """A record with what its reply says between the facts, where it is to be answered."""
    tone = TONE.get(record["labels"]["mood"]) if record["use_case"] == "reply-draft" else None
    return record | {"labels": record["labels"] | {"tone": tone}} if tone else record
