"""What a record has and in which order: sentences that come and go, fields that are there or not, what mails wrap texts in."""

import re

from .record import KINDS, Mark, Piece, Record
from .words import COMMENTS, ENDS, FOOTERS, GREETINGS, HARD, INJECTIONS, SUBJECTS, THREADS

WRITERS = {"case-summary": "customer", "reply-draft": "customer", "call-notes-digest": "note", "account-briefing": "account", "personalised-offer": "product"}
STOPWORDS = {
    "en": "the and is was to of it my we not with for have you at", "de": "der die das und ist nicht wir ich mit ein zu den auf für",
    "fr": "le la les et est pas nous je avec une des pour du", "es": "el la los y es no con una que por para del",
    "it": "il la e è non con una che per di del abbiamo", "nl": "de het een en is niet wij ik met van voor op",
    "pl": "i w na nie się z jest do że od po", "pt": "o a os e é não com uma que para do da em",
}
STOPWORDS = {language: set(words.split()) for language, words in STOPWORDS.items()}
# Fields that a record may lack.
OFTEN_EMPTY = """CaseNumber Status Priority Product Account What ActivityDate Industry BillingCity Opportunities Cases LastPurchase__c Family
NextStep__c Contacts""".split()
BULLET = re.compile(r"^([-•*–>]\s*)")
SPEAKER = re.compile(r"^[^\W\d_][\w .]{1,24}: ")


def language(text: str) -> str:
    words = re.findall(r"[^\W\d_]+", text.lower())
    return max(STOPWORDS, key=lambda own: sum(word in STOPWORDS[own] for word in words))


def writer(record: Record) -> str:
    return WRITERS.get(record.use_case, "customer")


class Pools:
    """Sentences of other records: distractors, and those of the kinds that are asked for only where they occur."""

    OPTIONAL = ("deadlines", "done", "next")

    def __init__(self, records: list[Record]):
        self.pools: dict[tuple, list[tuple[str, str]]] = {}
        for record in records:
            path = record.main()
            if path is None:
                continue
            spoken = language(record.text(path))
            for piece in record.fields[path]:
                kinds = piece.kinds
                whole = len(piece.marks) == 1 and piece.marks[0].end - piece.marks[0].start >= len(piece.text) - 1
                if len(kinds) == 1 and whole and 12 < len(piece.text) < 220 and not SPEAKER.match(piece.text):
                    text = BULLET.sub("", piece.text)
                    self.pools.setdefault((writer(record), spoken, *kinds), []).append((record.raw["id"], text))

    def pick(self, rng, record: Record, spoken: str, kind: str) -> str | None:
        found = self.pools.get((writer(record), spoken, kind), [])
        own = record.raw["id"]
        for _ in range(4):
            if found:
                name, text = rng.choice(found)
                if name != own:
                    return text
        return None


class Structure:
    """Changes of one record's structure."""

    def __init__(self, rng, record: Record, pools: Pools):
        self.rng, self.record, self.pools = rng, record, pools
        self.path = record.main()
        self.spoken = language(record.text(self.path)) if self.path else "en"
        self.pieces = record.fields.get(self.path, [])
        lines = sum("\n" in piece.after for piece in self.pieces)
        self.chat = sum(bool(SPEAKER.match(piece.text)) for piece in self.pieces) >= 2
        self.listed = len(self.pieces) > 3 and lines >= len(self.pieces) - 2 and not self.chat
        self.numbered = any(re.match(r"^\(?\d[.)]", piece.text) for piece in self.pieces)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def apply(self):
        if self.path is None or not self.pieces:
            return
        if not self.chat:
            self.drop()
            self.order()
            self.insert()
            if writer(self.record) == "customer":
                self.wrap()
        self.comments()
        self.presence()

    def drop(self):
        """Sentences that nobody asks for, or all of a kind that may be missing."""
        rng, kept = self.rng, list(self.pieces)
        if self.chance(0.4):
            kept = [piece for piece in kept if piece.matters or not self.chance(0.35)]
        if self.chance(0.3):
            kinds = sorted({kind for piece in kept for kind in piece.kinds} & {"done", "next", "deadlines", "who"})
            if kinds:
                kind = rng.choice(kinds)
                kept = [piece for piece in kept if kind not in piece.kinds or piece.kinds & {"problem", "wish"}]
        elif self.chance(0.12):
            kind = rng.choice(("problem", "wish"))
            kept = [piece for piece in kept if kind not in piece.kinds]
        if len(kept) < len(self.pieces) and any(piece.kinds & {"problem", "wish", "done"} for piece in kept):
            # Ends of paragraphs stay when their last sentence goes.
            for before, piece in zip(self.pieces, self.pieces[1:]):
                if not any(piece is own for own in kept) and "\n" in piece.after and "\n" not in before.after:
                    before.after = piece.after
            self.pieces[:] = kept
            self.record.same_content = False

    def order(self):
        """Lists of lines in another order; a sentence of no weight elsewhere."""
        rng, pieces = self.rng, self.pieces
        if self.listed and not self.numbered and self.chance(0.5):
            first = 0 if BULLET.match(pieces[0].text) else 1
            afters = [piece.after for piece in pieces]
            rest = pieces[first:]
            rng.shuffle(rest)
            pieces[first:] = rest
            for piece, after in zip(pieces, afters):
                piece.after = after
        elif not self.listed and self.chance(0.4):
            light = [at for at, piece in enumerate(pieces) if piece.kinds == {"distractors"}]
            if light and len(pieces) > 2:
                at = rng.choice(light)
                piece = pieces.pop(at)
                self.put(rng.randrange(len(pieces) + 1), piece)

    def put(self, at: int, piece: Piece):
        """Puts a piece in, with the blanks that stand around its neighbours."""
        pieces = self.pieces
        gap = "\n" if self.listed else " "
        if at > 0:
            before = pieces[at - 1]
            piece.after = before.after if at < len(pieces) else ""
            before.after = before.after if at < len(pieces) and "\n" in before.after and self.listed else gap
            if at < len(pieces) and "\n" in piece.after and not self.listed:
                pass
            elif at < len(pieces):
                piece.after = gap
            if not re.search(r"[.!?…。:,\n]\W?$", before.text) and not self.listed:
                before.after = "\n"
        else:
            piece.after = gap
        pieces.insert(at, piece)

    def add(self, text: str, kind: str | None):
        bullet = next((m.group(1) for m in (BULLET.match(p.text) for p in self.pieces) if m), "") if self.listed else ""
        marks = [Mark(kind, 100 + self.rng.random(), len(bullet), len(bullet) + len(text))] if kind else []
        first = 1 if self.listed and not bullet or len(self.pieces) < 2 or self.pieces[0].text.rstrip().endswith((",", ":")) else 0
        self.put(self.rng.randrange(min(first, len(self.pieces)), len(self.pieces) + 1), Piece(bullet + text, "", marks))
        self.record.same_content = False

    def insert(self):
        rng = self.rng
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
            text = self.pools.pick(rng, self.record, self.spoken, "distractors")
            if text and not any(text in piece.text for piece in self.pieces):
                self.add(text, "distractors")
        if self.spoken == "en" and self.chance(0.45):
            text = rng.choice(HARD[writer(self.record)])
            if not any(text in piece.text for piece in self.pieces):
                self.add(text, "distractors")
        if self.spoken == "en" and self.chance(0.05):
            self.add(rng.choice(INJECTIONS), "distractors")
        if writer(self.record) == "product":
            return
        for kind in Pools.OPTIONAL:
            has = any(kind in piece.kinds for pieces in self.record.fields.values() for piece in pieces)
            if not has and self.chance(0.12):
                text = self.pools.pick(rng, self.record, self.spoken, kind)
                if text:
                    self.add(text, kind)

    def wrap(self):
        """A greeting, an end, a footer, a thread: nothing of it is asked for."""
        rng, pieces = self.rng, self.pieces
        greeted = pieces[0].text.rstrip().endswith((",", ":")) or len(pieces[0].text) < 20 and not pieces[0].marks
        if self.chance(0.25) and not greeted:
            pieces.insert(0, Piece(rng.choice(GREETINGS[self.spoken]), rng.choice(("\n", "\n\n", " "))))
        elif self.chance(0.3) and greeted and not pieces[0].marks and len(pieces) > 1:
            pieces.pop(0)
        if self.chance(0.2):
            pieces[-1].after = rng.choice(("\n", "\n\n"))
            pieces.append(Piece(rng.choice(ENDS[self.spoken])))
        if self.chance(0.12):
            text = rng.choice(FOOTERS if self.chance(0.5) else THREADS)
            gap = text[: len(text) - len(text.lstrip("\n"))]
            pieces[-1].after = gap
            pieces.append(Piece(text.lstrip("\n")))

    def comments(self):
        rng, record = self.rng, self.record
        top = next(iter(record.raw["variables"]))
        case = record.raw["variables"][top]
        if not isinstance(case, dict) or record.use_case != "case-summary":
            return
        held = case.get("CaseComments")
        if held and self.chance(0.15):
            record.drop((top, "CaseComments"))
            record.same_content = False
        elif self.chance(0.15):
            held = case.setdefault("CaseComments", {"totalSize": 0, "done": True, "records": []})
            at = len(held["records"])
            held["records"].append({"attributes": {"type": "CaseComment"}, "CommentBody": ""})
            held["totalSize"] = at + 1
            record.fields[top, "CaseComments", "records", at, "CommentBody"] = [Piece(rng.choice(COMMENTS))]

    def presence(self):
        """Fields that are not always filled, and other subjects."""
        rng, record = self.rng, self.record
        for top, value in list(record.raw["variables"].items()):
            if not isinstance(value, dict):
                continue
            for key in OFTEN_EMPTY:
                if key not in value or not self.chance(0.1):
                    continue
                marked = [p for path, pieces in record.fields.items() if path[:2] == (top, key) for p in pieces if p.marks]
                if not marked:
                    record.drop((top, key))
                    record.same_content = False
            subject = (top, "Subject")
            if subject in record.fields and not any(p.marks for p in record.fields[subject]):
                pieces = record.fields[subject]
                if self.chance(0.1):
                    record.fields[subject] = [Piece(rng.choice(SUBJECTS))]
                elif self.chance(0.15):
                    pieces[0].edit(0, 0, rng.choice(("Re: ", "Fwd: ", "RE: ", "AW: ")))
                elif self.chance(0.1):
                    for piece in pieces:
                        piece.edit(0, len(piece.text), piece.text.upper())


assert set(Pools.OPTIONAL) < set(KINDS)
