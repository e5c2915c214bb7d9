"""Slips of the hand: typos, letter case, missing stops and apostrophes. Numbers and names stay as they are."""

import re
import unicodedata

from .record import Piece, Record

WORD = re.compile(r"(?<![\w@.])[^\W\d_A-Z]{5,}(?![\w@])")
NEAR = {"a": "s", "e": "r", "i": "o", "n": "m", "o": "p", "r": "t", "s": "d", "t": "y", "u": "i", "l": "k"}


def typo(rng, word: str) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + NEAR.get(word[at], word[at]) + word[at + 1 :]


def typos(rng, piece: Piece, rate: float):
    for match in reversed(list(WORD.finditer(piece.text))):
        if rng.random() < rate:
            piece.edit(match.start(), match.end(), typo(rng, match[0]))


def cased(piece: Piece, change):
    text = "".join(new if len(new := change(c)) == 1 else c for c in piece.text)
    piece.text = text


def plain(c: str) -> str:
    """A letter without what stands above or below it."""
    return unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode() or c


def loose(rng, piece: Piece, last: bool):
    """Stops left out at the ends of lines, or doubled."""
    stop = len(piece.text) - 1
    if piece.text.endswith(".") and ("\n" in piece.after or last) and rng.random() < 0.6:
        piece.edit(stop, stop + 1, "")
    elif piece.text.endswith(("!", "?")) and rng.random() < 0.4:
        piece.edit(stop, stop + 1, piece.text[-1] * rng.choice((2, 3)))
    if rng.random() < 0.5:
        for at in [m.start() for m in reversed(list(re.finditer(r"(?<=\w)'(?=\w)", piece.text)))]:
            piece.edit(at, at + 1, "")


def apply(rng, record: Record):
    """Noise for the texts that people type in a hurry."""
    for path, pieces in record.fields.items():
        if path[-1] not in ("Description", "CommentBody", "NextStep__c") or path[0] == "product":
            continue
        kind = rng.random()
        rate = rng.choice((0.01, 0.03, 0.06))
        for at, piece in enumerate(pieces):
            if kind < 0.2:
                typos(rng, piece, rate)
            if 0.14 < kind < 0.28:
                loose(rng, piece, at == len(pieces) - 1)
            if 0.25 < kind < 0.31:
                cased(piece, str.lower)
            elif 0.31 < kind < 0.33:
                cased(piece, str.upper)
            elif 0.33 < kind < 0.36:
                cased(piece, plain)
