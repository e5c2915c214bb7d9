"""Endless synthetic texts with spans, in eight languages, from frames that recombine."""

import random
from functools import cache
from pathlib import Path

from .documents import FORMS, NEWLINE, SPACE, Writer
from .grammar import Grammar, assemble
from .noise import noisy
from .places import LANGS
from .things import thing

# Texts of each language, by weight: those without real labelled sentences get somewhat more.
WEIGHTS = {"en": 1.2, "de": 1.3, "fr": 1.2, "es": 1.0, "it": 1.1, "nl": 1.1, "pl": 1.2, "pt": 0.9}


# What stands amid a real text.
SALT = ("N", "N", "P", "P", "F", "L", "TL", "DR", "FULL", "R", "ORG", "ORG", "CITY", "LOC", "COUNTRY", "ADDR1", "ADDR", "STREET", "ZIPCITY", "DT", "DT", "DATE", "STAMP", "TIME", "AGE", "NAT", "I")


@cache
def grammar(lang: str) -> Grammar:
    return Grammar(Path(__file__).parent / "frames" / f"{lang}.txt")


def languages() -> list[str]:
    return [lang for lang in LANGS if (Path(__file__).parent / "frames" / f"{lang}.txt").exists()]


def text(rng: random.Random, lang: str, held: bool = False, form: str | None = None) -> tuple[str, list[tuple[int, int, str]]]:
    """A text with its spans. `held`: from the frames that training never sees."""
    form = form or rng.choices(list(FORMS), list(FORMS.values()))[0]
    chunks = Writer(rng, lang, grammar(lang), held).write(form)
    return assemble(noisy(chunks, rng))


def salted(rng: random.Random, lang: str, real: str, held: bool = False) -> tuple[str, list[tuple[int, int, str]]]:
    """A real text with generated personal data in front, behind or amid it. Spans of kind "O" are generated too and hold none."""
    writer = Writer(rng, lang, grammar(lang), held)
    field = lambda: [*(pair := writer._pair())[0], (rng.choice((": ", ": ", ":", " = ", "\t")), None), *pair[1]]
    slot = lambda: writer.scene(rng.choice(SALT))
    body, draw = [(real, None)], rng.random()
    if draw < 0.18:
        body = [*writer.get("greet"), rng.choice((NEWLINE, ("\n\n", None))), *body]
        body = [*body, NEWLINE, *writer.get("bye")] if rng.random() < 0.8 else body
    elif draw < 0.26:
        body = [*body, rng.choice((NEWLINE, ("\n\n", None))), *writer.get("bye")]
    elif draw < 0.42:
        say = writer.get(rng.choice(("say", "note", "hr", "chat")))
        body = [*say, rng.choice((SPACE, NEWLINE)), *body] if rng.random() < 0.5 else [*body, rng.choice((SPACE, NEWLINE)), *say]
    elif draw < 0.54:
        body = [*field(), NEWLINE, *body] if rng.random() < 0.6 else [*body, NEWLINE, *field(), NEWLINE, *field()]
    elif draw < 0.60:
        body = [*slot(), (rng.choice((": ", " - ", "\n", " | ")), None), *body]
    else:
        marks = [i for i, c in enumerate(real) if c in ".,:;\n|" and real[i + 1 : i + 2].isspace()]
        marks = sorted(rng.sample(marks, min(len(marks), rng.randint(1, 2)))) or [len(real)]
        body, last = [], 0
        for mark in marks:
            body.append((real[last:mark], None))
            value = slot() if rng.random() < 0.6 else [(thing(rng, lang), "O")]
            before, after = rng.choice(((" (", ")"), (" (", ")"), (" – ", ""), (", ", ""), (": ", ""), (" ", ""), (" \"", "\""), (" / ", "")))
            body += [(before, None), *value, (after, None)]
            last = mark
        body.append((real[last:], None))
    return assemble(body)


def records(count: int, seed: int, held: bool = True) -> list[dict]:
    """Gold records, the languages in turn."""
    rng, out, langs = random.Random(seed), [], languages()
    while len(out) < count:
        lang = langs[len(out) % len(langs)]
        body, spans = text(rng, lang, held)
        if body.strip():
            labelled = [{"start": s, "end": e, "label": k} for s, e, k in spans]
            out.append({"id": f"synthetic-{lang}-{len(out)}", "text": body, "language": lang, "spans": labelled})
    return out


def examples(tokenizer, seed: int):
    """Endless training examples (encoded text, sets of allowed tags)."""
    from encode import WINDOW, encode, tags_of
    from labels import INDEX

    rng, langs = random.Random(seed), languages()
    weights = [WEIGHTS[lang] for lang in langs]
    while True:
        body, spans = text(rng, rng.choices(langs, weights)[0])
        encoded = encode(tokenizer, body)
        if 0 < len(encoded) <= WINDOW - 2:
            yield encoded, [1 << INDEX[tag] for tag in tags_of(encoded, spans)]
