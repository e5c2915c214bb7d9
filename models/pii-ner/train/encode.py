"""From text to what the model reads: word pieces, the letter case of their words, windows."""

import re
from dataclasses import dataclass

from tokenizers import Tokenizer

# Tokens in a window, the two special ones included, and tokens that neighbouring windows share.
WINDOW = 192
OVERLAP = 48

CLS, SEP, PAD = 101, 102, 0
# A maximal run of letters and digits (\w less the underscore).
_WORD = re.compile(r"[^\W_]+")


def load_tokenizer(path: str) -> Tokenizer:
    """The WordPiece tokenizer without truncation, padding or special tokens."""
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def case_type(word: str) -> int:
    """0 no capital, 1 only the first letter is one, 2 all letters are (two or more), 3 anything else."""
    letters = [c for c in word if c.isalpha()]
    capitals = [c for c in letters if c.isupper() or c.istitle()]
    if not capitals:
        return 0
    if len(letters) > 1 and len(capitals) == len(letters):
        return 2
    if len(capitals) == 1 and letters[0] == capitals[0]:
        return 1
    return 3


@dataclass
class Encoded:
    """One text. `first[i]` says that piece i is the first of its word; `ends[i]` is the end of that word."""

    ids: list[int]
    cases: list[int]
    offsets: list[tuple[int, int]]
    first: list[bool]

    def __len__(self) -> int:
        return len(self.ids)


def encode(tokenizer: Tokenizer, text: str) -> Encoded:
    """Pieces of the whole text without special tokens."""
    pieces = tokenizer.encode(text, add_special_tokens=False)
    words = [m.span() for m in _WORD.finditer(text)]
    cases, first = [], []
    at, last = 0, None
    for start, end in pieces.offsets:
        while at < len(words) and words[at][1] <= start:
            at += 1
        if at < len(words) and words[at][0] <= start:
            first.append(last != at)
            cases.append(case_type(text[words[at][0] : words[at][1]]))
            last = at
        else:
            first.append(True)
            cases.append(0)
            last = None
    return Encoded(list(pieces.ids), cases, [tuple(o) for o in pieces.offsets], first)


def tags_of(encoded: Encoded, spans: list[tuple[int, int, str]]) -> list[str]:
    """One tag per piece; pieces after the first of a word repeat it (they carry no loss)."""
    tags, previous = [], None
    ordered = sorted(spans)
    at = 0
    for i, (start, end) in enumerate(encoded.offsets):
        if not encoded.first[i]:
            tags.append(tags[-1])
            continue
        while at < len(ordered) and ordered[at][1] <= start:
            at += 1
        if at < len(ordered) and ordered[at][0] < end:
            span = ordered[at]
            tags.append(("I-" if previous == span else "B-") + span[2])
            previous = span
        else:
            tags.append("O")
            previous = None
    return tags


def windows(encoded: Encoded, window: int = WINDOW, overlap: int = OVERLAP) -> list[tuple[int, int]]:
    """Ranges of pieces, each at most `window - 2` long, cut at word borders; neighbours share `overlap` or a few more."""
    room, total = window - 2, len(encoded)
    if total <= room:
        return [(0, total)]
    ranges, start = [], 0
    while True:
        end = min(start + room, total)
        cut = end
        while cut < total and cut > start + overlap and not encoded.first[cut]:
            cut -= 1
        if cut > start + overlap:
            end = cut
        ranges.append((start, end))
        if end == total:
            return ranges
        start = end - overlap
        back = start
        while back > ranges[-1][0] + 1 and not encoded.first[back]:
            back -= 1
        if encoded.first[back]:
            start = back


def owners(ranges: list[tuple[int, int]], total: int) -> list[int]:
    """For each piece the window in which it lies farthest from the border (the text's own ends are none)."""
    best = [(-1, 0)] * total
    for index, (start, end) in enumerate(ranges):
        for i in range(start, end):
            left = i - start if start > 0 else total
            right = end - 1 - i if end < total else total
            if min(left, right) > best[i][0]:
                best[i] = (min(left, right), index)
    return [index for _, index in best]
