"""Endless synthetic texts with spans, in eight languages, from frames that recombine."""

import random
from functools import cache
from pathlib import Path

from .documents import FORMS, Writer
from .grammar import Grammar, assemble
from .noise import noisy
from .places import LANGS

# Texts of each language, by weight: those without real labelled sentences get somewhat more.
WEIGHTS = {"en": 1.2, "de": 1.3, "fr": 1.2, "es": 1.0, "it": 1.1, "nl": 1.1, "pl": 1.2, "pt": 0.9}


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


def closed_words(count: int = 600, seed: int = 5) -> dict[str, frozenset[str]]:
    """For each language the words of spans of the kinds that news corpora leave open. Another word is none of them."""
    rng, found = random.Random(seed), {}
    for lang in languages():
        words = set()
        for _ in range(count):
            body, spans = text(rng, lang)
            for start, end, kind in spans:
                if kind in ("DATE_TIME", "AGE", "TITLE", "NATIONALITY", "ADDRESS"):
                    words.update(body[start:end].lower().replace("-", " ").replace(".", " ").replace("/", " ").split())
        found[lang] = frozenset(words)
    return found
