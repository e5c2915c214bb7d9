"""Whole texts: mails, notes, chats, forms, tables, minutes, plain sentences, put together from a language's sections."""

import random

from . import structured, things
from .grammar import Chunk, Grammar
from .slots import Scene

FORMS = {
    "mail": 16, "note": 10, "chat": 9, "fields": 12, "table": 5, "record": 4, "minutes": 3, "hr": 4, "news": 11, "sentences": 12,
    "short": 6, "plain": 24, "product": 5, "bare": 3, "list": 3, "numbers": 5, "counted": 6,
}
_HEADERS = {
    "en": ("From", "To", "Subject", "Sent", "wrote"), "de": ("Von", "An", "Betreff", "Gesendet", "schrieb"),
    "fr": ("De", "À", "Objet", "Envoyé", "a écrit"), "es": ("De", "Para", "Asunto", "Enviado", "escribió"),
    "it": ("Da", "A", "Oggetto", "Inviato", "ha scritto"), "nl": ("Van", "Aan", "Onderwerp", "Verzonden", "schreef"),
    "pl": ("Od", "Do", "Temat", "Wysłano", "napisał(a)"), "pt": ("De", "Para", "Assunto", "Enviado", "escreveu"),
}
_TURNS = {
    "en": ("Agent", "Customer", "Bot"), "de": ("Agent", "Kunde", "Bot"), "fr": ("Agent", "Client", "Bot"), "es": ("Agente", "Cliente", "Bot"),
    "it": ("Operatore", "Cliente", "Bot"), "nl": ("Medewerker", "Klant", "Bot"), "pl": ("Konsultant", "Klient", "Bot"), "pt": ("Agente", "Cliente", "Bot"),
}
NEWLINE: Chunk = ("\n", None)
SPACE: Chunk = (" ", None)


class Writer:
    def __init__(self, rng: random.Random, lang: str, grammar: Grammar, held: bool):
        self.rng, self.lang, self.grammar, self.held = rng, lang, grammar, held
        self.scene = Scene(rng, lang, grammar)

    def get(self, section: str) -> list[Chunk]:
        chunks = self.grammar.draw(section, self.rng, self.scene, self.held)
        if section in ("say", "none", "hr", "news", "note") and self.rng.random() < 0.85:
            first, label = chunks[0]
            if label is None and first[:1].islower():
                chunks[0] = (first[0].upper() + first[1:], None)
        return chunks

    def many(self, sections, low: int, high: int, between=None) -> list[Chunk]:
        """Between `low` and `high` productions, each of a section drawn from `sections`."""
        out = []
        for i in range(self.rng.randint(low, high)):
            if i:
                out.append(between or (SPACE if self.rng.random() < 0.8 else NEWLINE))
            out += self.get(self.rng.choice(sections))
            if self.rng.random() < 0.12:
                out.append((self.rng.choice((" ({})", " {}", ", {}", "\n{}", " – {}.")).format(things.thing(self.rng, self.lang)), None))
            elif self.rng.random() < 0.12:
                value = structured.labelled(self.rng, self.lang) if self.rng.random() < 0.7 else structured.anything(self.rng, self.lang)
                out.append((self.rng.choice((" ({})", " {}", ", {}", "\n{}", " – {}.")).format(value), None))
        return out

    def write(self, form: str) -> list[Chunk]:
        return getattr(self, "_" + form)()

    def _mail(self):
        rng, out = self.rng, []
        head = _HEADERS[self.lang]
        if rng.random() < 0.2:
            out += [(head[0] + ": ", None), *self.scene("N"), (" <", None), *self.scene("EMAIL"), (">\n", None)]
            out += [(head[1] + ": ", None), *self.scene(rng.choice(("ORG", "EMAIL", "N", "FULL"))), NEWLINE]
            if rng.random() < 0.6:
                out += [(head[3] + ": ", None), *self.scene("STAMP"), NEWLINE]
            out += [(head[2] + ": ", None), *self.get(rng.choice(("head", "none", "say"))), ("\n\n", None)]
        if rng.random() < 0.85:
            out += [*self.get("greet"), rng.choice((NEWLINE, ("\n\n", None), SPACE))]
        out += self.many(("say", "say", "say", "say", "none"), 1, 4)
        if rng.random() < 0.75:
            out += [rng.choice((NEWLINE, ("\n\n", None), SPACE)), *self.get("bye")]
        if rng.random() < 0.12:
            out += [("\n\n> ", None), *self.scene("STAMP"), SPACE, *self.scene("N"), (f" {head[4]}:\n> ", None), *self.many(("say", "none"), 1, 2, ("\n> ", None))]
        return out

    def _note(self):
        rng, out = self.rng, []
        if rng.random() < 0.4:
            out += [*self.scene("STAMP"), rng.choice((SPACE, (" - ", None), (" | ", None))), *self.scene(rng.choice(("I", "F", "L", "N"))), rng.choice(((": ", None), NEWLINE))]
        return out + self.many(("note", "note", "none", "say"), 1, 4)

    def _chat(self):
        rng, out = self.rng, []
        style = rng.randrange(4)
        first, second = rng.choice(("F", "N", "I")), rng.choice(("F", "N"))
        people = (self.scene(first), self.scene(second))
        for turn in range(rng.randint(1, 6)):
            who = people[turn % 2]
            if style == 0:
                out += [("[", None), *self.scene("TIME"), ("] ", None), *who, (": ", None)]
            elif style == 1:
                out += [*who, (": ", None)]
            elif style == 2:
                out += [(_TURNS[self.lang][turn % 2] + ": ", None)]
            out += [*self.get(rng.choice(("chat", "chat", "chat", "short", "none", "say"))), NEWLINE]
        return out

    def _pair(self):
        """One field: label and value."""
        chunks = self.get("field")
        for i, (text, label) in enumerate(chunks):
            if label is None and " = " in text:
                before, after = text.split(" = ", 1)
                return [*chunks[:i], (before, None)], [(after, None), *chunks[i + 1 :]]
        raise ValueError(f"a field without ' = ': {chunks}")

    def _fields(self):
        rng, out = self.rng, []
        colon = rng.choice((": ", ": ", ":", " : ", " = ", "\t", " - "))
        end = rng.choice(("\n", "\n", "\n", " | ", "; ", ", ", " "))
        if rng.random() < 0.3:
            out += [*self.get("head"), NEWLINE]
        for i in range(rng.randint(1, 9)):
            label, value = self._pair()
            out += [*([(end, None)] if i else []), *label, (colon, None), *value]
        if rng.random() < 0.3:
            out += [NEWLINE, *self.many(("say", "note", "none"), 1, 2)]
        return out

    def _table(self):
        rng, out = self.rng, []
        columns = [rng.choice(("N", "B", "R", "F", "L", "CITY", "ORG", "DATE", "ID", "MONEY", "PHONE", "EMAIL", "ADDR1", "STREET", "ZIP", "AGEN", "NAT", "CODE", "COUNTRY", "TIME")) for _ in range(rng.randint(3, 6))]
        mark = rng.choice((" | ", ";", ",", "\t", " ; "))
        for row in range(rng.randint(1, 4)):
            for i, column in enumerate(columns):
                out += [*([(mark, None)] if i else []), *self.scene(column)]
            out.append(NEWLINE)
        return out

    def _record(self):
        """JSON as systems pass it on."""
        rng, out = self.rng, [("{", None)]
        for i in range(rng.randint(2, 6)):
            label, value = self._pair()
            key = "".join(text for text, _ in label).lower().replace(" ", "_")
            out += [((", " if i else "") + f'"{key}": "', None), *value, ('"', None)]
        return [*out, ("}", None)]

    def _minutes(self):
        return [*self.get("head"), NEWLINE, *self.many(("minutes",), 1, 5, NEWLINE)]

    def _hr(self):
        return self.many(("hr", "hr", "hr", "none"), 1, 4)

    def _news(self):
        return self.many(("news",), 1, 3, SPACE)

    def _sentences(self):
        return self.many(("say", "note", "hr"), 1, 2, SPACE)

    def _short(self):
        return self.get("short")

    def _plain(self):
        """No personal data at all."""
        return self.many(("none", "none", "none", "none", "head", "prod"), 1, 5)

    def _product(self):
        rng, out = self.rng, []
        for i in range(rng.randint(1, 6)):
            out += [*([NEWLINE] if i else []), (f"{rng.randint(1, 9)} x ", None), *self.get("prod"), SPACE, *self.scene("CODE"), (" ", None), *self.scene("MONEY")]
        return out

    def _numbers(self):
        """Numbers and codes alone, or beside a name."""
        rng, out = self.rng, []
        mark = rng.choice(("\n", ", ", " | ", "; ", " "))
        for i in range(rng.randint(1, 5)):
            out += [*([(mark, None)] if i else []), (structured.labelled(rng, self.lang), None)]
            if rng.random() < 0.15:
                out += [(mark, None), *self.scene(rng.choice(("N", "DATE", "ORG", "ADDR1")))]
        return out

    def _counted(self):
        """Quantities, durations, opening hours, numbers of orders: lists of what nobody is."""
        rng, out = self.rng, []
        mark = rng.choice(("\n", ", ", " | ", "; ", " ", "\n- ", " / "))
        for i in range(rng.randint(1, 6)):
            out += [*([(mark, None)] if i else [])]
            if rng.random() < 0.4:
                out += [*self.get(rng.choice(("prod", "none", "head"))), (rng.choice((": ", " ", ", ", " - ")), None)]
            out.append((things.thing(rng, self.lang), None))
        return out

    def _bare(self):
        return self.scene(self.rng.choice(("N", "B", "TL", "DR", "ORG", "CITY", "COUNTRY", "ADDR1", "ADDRL", "ZIPCITY", "DT", "STAMP", "P", "REGION", "AGE", "NAT")))

    def _list(self):
        rng, out = self.rng, []
        kind = rng.choice(("N", "N", "R", "F", "CITY", "COUNTRY", "ORG", "DATE", "FULL", "P", "DAY", "NAT"))
        mark = rng.choice((", ", ", ", "\n- ", "; ", " / ", " & "))
        for i in range(rng.randint(2, 6)):
            out += [*([(mark, None)] if i else []), *self.scene(kind)]
        return out
