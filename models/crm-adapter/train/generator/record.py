"""A hand-written record as fields of pieces whose labelled stretches move along with every change."""

import copy
import re

# Values that name things for machines; no text is changed in them.
FIXED = {"attributes", "Id", "MailingCountryCode", "BillingCountryCode", "CurrencyIsoCode", "Status", "Priority", "totalSize", "done", "TaxId__c"}
# Fields that labels are looked for in, before the others.
TEXTS = {"Description", "CommentBody", "NextStep__c", "resolution", "offer"}
KINDS = ("problem", "wish", "done", "next", "deadlines", "who", "distractors")

BORDER = re.compile(r"\n+|(?<=[.!?…])[\"'”»)]*\s+|(?<=[。！？])")


class Mark:
    """A labelled stretch of a piece: the kind, its place in the list of that kind, from where to where."""

    def __init__(self, kind: str, order: float, start: int, end: int):
        self.kind, self.order, self.start, self.end = kind, order, start, end


class Piece:
    """A sentence or line with what stands between it and the next."""

    def __init__(self, text: str, after: str = "", marks=()):
        self.text, self.after, self.marks = text, after, list(marks)

    @property
    def kinds(self) -> set[str]:
        return {mark.kind for mark in self.marks}

    @property
    def matters(self) -> bool:
        """Whether something of it is asked for."""
        return bool(self.kinds - {"distractors"})

    def edit(self, start: int, end: int, new: str):
        """Puts `new` in place of a stretch; marks that are cut by it take all of it in."""
        shift = len(new) - (end - start)
        for mark in self.marks:
            if mark.start > start:
                mark.start = mark.start + shift if mark.start >= end else start
            if mark.end > start:
                mark.end = mark.end + shift if mark.end >= end else start + len(new)
        self.text = self.text[:start] + new + self.text[end:]


def ends_here(text: str, at: int) -> bool:
    """Whether a stop before `at` ends a sentence: "14. May", "e.g. this" go on."""
    before, rest = text[:at].rstrip(), text[at:].lstrip()
    if not before.endswith("."):
        return True
    last = before[:-1].split()[-1] if before[:-1].split() else ""
    short = len(last) <= 2 and (last.isalpha() or last.isdigit())
    return not (short or "." in last or rest[:1].islower())


def pieces_of(text: str, marks: list[Mark]) -> list[Piece]:
    """Cuts a text at the ends of sentences and lines that no mark spans."""
    found, start = [], 0
    for border in BORDER.finditer(text):
        # Closing quotes belong to the sentence before.
        first = border.start() + len(border.group()) - len(border.group().lstrip("\"'”»)"))
        last = border.end()
        cut = any(mark.start < last and mark.end > first for mark in marks)
        if cut or last <= start or first <= start or "\n" not in border.group() and not ends_here(text, first):
            continue
        found.append((start, first, last))
        start = last
    found.append((start, len(text), len(text)))
    pieces = []
    for start, end, after in found:
        own = [Mark(m.kind, m.order, m.start - start, m.end - start) for m in marks if start <= m.start and m.end <= end]
        pieces.append(Piece(text[start:end], text[end:after], own))
    return pieces


class Record:
    """All strings of a record as pieces, by path."""

    def __init__(self, raw: dict):
        self.raw = copy.deepcopy(raw)
        self.fields: dict[tuple, list[Piece]] = {}
        self.answer = raw.get("answer", "")
        self.same_content = True
        strings = dict(leaves(raw["variables"]))
        marks = {path: [] for path in strings}
        for kind in KINDS:
            for order, stretch in enumerate(raw["labels"].get(kind, [])):
                places = [p for p, text in strings.items() if stretch in text]
                for path in [p for p in places if p[-1] in TEXTS] or places[:1]:
                    at = strings[path].index(stretch)
                    marks[path].append(Mark(kind, order, at, at + len(stretch)))
        for path, text in strings.items():
            self.fields[path] = pieces_of(text, marks[path])

    @property
    def use_case(self) -> str:
        return self.raw["use_case"]

    def paths(self, name: str) -> list[tuple]:
        return [path for path in self.fields if path[-1] == name]

    def main(self) -> tuple | None:
        """The path of the text that most is quoted from."""
        return next((path for path in self.fields if path[-1] == "Description"), None)

    def text(self, path: tuple) -> str:
        pieces = self.fields[path]
        return "".join(p.text + p.after for p in pieces[:-1]) + (pieces[-1].text if pieces else "")

    def drop(self, path: tuple):
        """Takes a field, or all under it, out of the record."""
        for own in [own for own in self.fields if own[: len(path)] == path]:
            del self.fields[own]
        parent = self.raw["variables"]
        for key in path[:-1]:
            parent = parent[key]
        if isinstance(parent, dict):
            parent.pop(path[-1], None)

    def labels(self) -> dict:
        found = {kind: [] for kind in KINDS}
        for path, pieces in self.fields.items():
            for piece in pieces:
                for mark in piece.marks:
                    stretch = piece.text[mark.start : mark.end].strip()
                    if stretch:
                        found[mark.kind].append((mark.order, stretch))
        out = {}
        for kind, stretches in found.items():
            ordered = [stretch for _, stretch in sorted(stretches, key=lambda pair: pair[0])]
            if ordered:
                out[kind] = list(dict.fromkeys(ordered))
        return out | {"mood": self.raw["labels"]["mood"]}

    def write(self, name: str) -> dict:
        """The record in the form of the hand-written ones; every label is a stretch of it."""
        variables = copy.deepcopy(self.raw["variables"])
        for path in self.fields:
            parent = variables
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = self.text(path)
        labels = self.labels()
        strings = [text for _, text in leaves(variables)]
        for kind, stretches in labels.items():
            if kind != "mood":
                for stretch in stretches:
                    assert any(stretch in text for text in strings), f"{name}: {kind} {stretch!r} is not in the record"
        answer = self.answer
        if not self.same_content:
            # The prose would say what is no longer there: the labelled sentences say no more than the record.
            answer = " ".join(s for kind in ("problem", "wish", "deadlines") for s in labels.get(kind, []))
        raw = {key: self.raw[key] for key in ("form", "use_case")}
        return {"id": name, **raw, "variables": variables, "labels": labels, "answer": answer}


def leaves(value, path=()):
    """All strings that may be changed, with their paths."""
    if isinstance(value, dict):
        for key, own in value.items():
            if key not in FIXED:
                yield from leaves(own, (*path, key))
    elif isinstance(value, list):
        for at, own in enumerate(value):
            yield from leaves(own, (*path, at))
    elif isinstance(value, str):
        yield path, value
