"""What real writers do to texts: typing slips, lost punctuation, transliterated letters, doubled blanks."""

import random

from .grammar import Chunk

_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa", "ł": "l", "Ł": "L", "æ": "ae"})


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    draw = rng.random()
    if draw < 0.35:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if draw < 0.65:
        return word[:at] + word[at + 1 :]
    if draw < 0.85:
        return word[:at] + word[at] + word[at:]
    return word[:at] + rng.choice("aeinrst") + word[at + 1 :]


def noisy(chunks: list[Chunk], rng: random.Random) -> list[Chunk]:
    """Applies at most a few kinds of noise to a text; most texts stay clean."""
    draw = rng.random()
    if draw < 0.72:
        return chunks
    slips = 0.05 if draw < 0.9 else 0.0
    translit, bare, blanks = 0.82 < draw < 0.90, 0.88 < draw < 0.95, draw > 0.97
    out = []
    for text, label in chunks:
        if translit:
            text = text.translate(_PLAIN)
        if bare and label is None:
            text = text.replace(",", "").replace("!", "").replace("?", "")
            text = text[:-1] if text.endswith(".") else text
        if blanks and rng.random() < 0.2:
            text = text.replace(" ", "  ")
        if slips and len(text) > 4:
            text = " ".join(_slip(w, rng) if len(w) > 4 and w.isalpha() and rng.random() < slips else w for w in text.split(" "))
        out.append((text, label))
    return out
