"""The little language of the frame files, and texts as chunks with labels.

A frame file has sections (`# name`), one production a line. In a production
    {SLOT}        becomes a labelled or plain value (see slots.py),
    {nat=A|B}     one of the written words, labelled (see `WRITTEN` in slots.py),
    <name>        a production of that section, drawn anew,
    [a|b|]        one of the choices (they may hold slots and nest),
    \\n            a line end.
Lines that start with `//` are comments.
"""

import random
import re
from pathlib import Path

_TOKEN = re.compile(r"\{[^{}]+\}|<[a-z_]+>|[\[\]|]|\\n|[^{}<>\[\]|\\]+|.", re.S)
# Every n-th production of these sections is kept out of training: held-out frames to tune and measure on.
HELD_EVERY = 9
HELD_SECTIONS = ("say", "news", "hr", "none", "minutes", "chat", "short", "note")

Chunk = tuple[str, str | None]


def _parse(tokens: list[str], at: int, inside: bool):
    """A sequence of parts up to the end of the choice; a choice is a tuple of sequences."""
    parts = []
    while at < len(tokens):
        token = tokens[at]
        if inside and token in ("|", "]"):
            return parts, at
        if token == "[":
            choices, at = [], at + 1
            while True:
                choice, at = _parse(tokens, at, True)
                choices.append(choice)
                if at >= len(tokens):
                    raise ValueError("unclosed [")
                at += 1
                if tokens[at - 1] == "]":
                    break
            parts.append(tuple(choices))
        else:
            parts.append("\n" if token == "\\n" else token)
            at += 1
    return parts, at


class Grammar:
    """The productions of one language."""

    def __init__(self, path: Path):
        self.sections: dict[str, list] = {}
        self.held: dict[str, list] = {}
        section = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.rstrip()
            if not line or line.startswith("//"):
                continue
            if line.startswith("# "):
                section = line[2:]
                self.sections.setdefault(section, [])
                continue
            try:
                parsed, _ = _parse(_TOKEN.findall(line), 0, False)
            except ValueError as error:
                raise ValueError(f"{path.name}:{number}: {error}") from None
            self.sections[section].append(parsed)
        for name in HELD_SECTIONS:
            lines = self.sections.get(name, [])
            self.held[name] = lines[HELD_EVERY - 1 :: HELD_EVERY]
            self.sections[name] = [p for i, p in enumerate(lines) if i % HELD_EVERY != HELD_EVERY - 1]

    def draw(self, section: str, rng: random.Random, slot, held: bool = False) -> list[Chunk]:
        """One text of a section. `slot(name)` gives the chunks of a slot."""
        lines = self.held[section] if held and self.held.get(section) else self.sections[section]
        out: list[Chunk] = []
        self._expand(rng.choice(lines), rng, slot, held, out)
        return out

    def _expand(self, parts, rng, slot, held, out):
        for part in parts:
            if isinstance(part, tuple):
                self._expand(rng.choice(part), rng, slot, held, out)
            elif part[0] == "{" and len(part) > 2:
                out.extend(slot(part[1:-1]))
            elif part[0] == "<" and len(part) > 2:
                out.extend(self.draw(part[1:-1], rng, slot, held))
            else:
                out.append((part, None))

    def plain_words(self):
        """Literal pieces of all productions."""
        stack = [p for lines in self.sections.values() for p in lines]
        while stack:
            part = stack.pop()
            if isinstance(part, (list, tuple)):
                stack.extend(part)
            elif part[0] not in "{<":
                yield part


def assemble(chunks: list[Chunk]) -> tuple[str, list[tuple[int, int, str]]]:
    """Text and spans; blanks at the edges of a chunk stay outside its span."""
    text, spans = [], []
    at = 0
    for piece, label in chunks:
        if label:
            inner = piece.strip()
            start = at + piece.index(inner) if inner else at
            if inner:
                spans.append((start, start + len(inner), label))
        text.append(piece)
        at += len(piece)
    return "".join(text), spans
