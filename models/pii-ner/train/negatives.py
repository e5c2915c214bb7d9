"""Real texts that nobody labelled and that are about things, not people: help pages and translation catalogues of installed packages.

    negatives.py --root / --out DIR      writes negative.PART.LANG.jsonl.gz, one {"id", "text", "lang"} a line

PART is `train`, `dev` (to set biases) or `held` (to measure); they come from different programs. What in these texts might be a name or a date all the same is
left open (`gazetteer.py`). README.md names the Debian packages; an unpacked copy of them serves as `--root` too.
"""

import argparse
import gettext
import gzip
import html
import json
import random
import re
from pathlib import Path

import generator
from encode import WINDOW, encode
from gazetteer import Gazetteer

LANGS = ("en", "de", "fr", "es", "it", "nl", "pl", "pt")
# Folder names of each language.
FOLDERS = {lang: (lang, f"{lang}_{lang.upper()}") for lang in LANGS} | {"en": ("en-US", "C", "en"), "pt": ("pt", "pt-BR", "pt_BR", "pt_PT")}
# Globs with {} for the language. Catalogues are .mo and .po files, pages anything else. A source serves one part as a whole.
SOURCES = {
    "libreoffice": ("train", "usr/share/libreoffice/help/{}/text/**/*.html"),
    "tryton": ("train", "usr/lib/python3/dist-packages/trytond/**/locale/{}.po"),
    "ledgersmb": ("train", "usr/share/ledgersmb/locale/po/{}.po"),
    "gnucash": ("train", "usr/share/locale/{}/LC_MESSAGES/gnucash.mo"),
    "gnucash-help": ("train", "usr/share/help/{}/gnucash-*/*.docbook"),
    "evolution": ("train", "usr/share/locale/{}/LC_MESSAGES/evolution.mo"),
    "evolution-help": ("train", "usr/share/help/{}/evolution/*.page"),
    "skrooge": ("train", "usr/share/locale/{}/LC_MESSAGES/skrooge.mo"),
    "gramps": ("train", "usr/share/locale/{}/LC_MESSAGES/gramps.mo"),
    "digikam": ("train", "usr/share/locale/{}/LC_MESSAGES/digikam.mo"),
    "tellico": ("train", "usr/share/locale/{}/LC_MESSAGES/tellico.mo"),
    "kmymoney": ("dev", "usr/share/locale/{}/LC_MESSAGES/kmymoney.mo"),
    "homebank": ("dev", "usr/share/locale/{}/LC_MESSAGES/homebank.mo"),
    "wordpress": ("held", "usr/share/wordpress/wp-content/languages/{}.mo"),
    "gnome-help": ("held", "usr/share/help/{}/gnome-help/*.page"),
}
# Paragraphs of one source and language, at most.
LIMIT = 9000
_BLOCK = re.compile(r"<(p|li|td|th|h[1-6]|title|para|item|term)\b[^>]*>(.*?)</\1>", re.S)
_TAG = re.compile(r"<[^<>]*>")
_MARKS = re.compile(r"%(?:\(\w+\))?[-+#0]*[\d.]*l*[a-zA-Z]\b|%\d+|\$\{?\w+\}?|\{[^{}]*\}|&(?=\w)|_(?=\w)|(?<=\w)_|\\[nt]")
_NOT_OURS = re.compile(r"@|©|copyright|https?:|www\.|<|>|\\|\||translat", re.I)
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1dff\u2100-\uffff]")


def clean(text: str) -> str:
    text = html.unescape(_TAG.sub("", text))
    return re.sub(r"\s+", " ", text).strip()


def fit(text: str) -> bool:
    """Whether a paragraph is prose or a label, not code, credits or an address."""
    letters = sum(c.isalpha() or c == " " for c in text)
    return 4 <= len(text) <= 700 and letters >= 0.75 * len(text) and not _NOT_OURS.search(text) and not _OTHER_SCRIPT.search(text)


def page(path: Path):
    text = path.read_text(encoding="utf-8", errors="replace")
    text = text[text.find('id="DisplayArea"') if 'id="DisplayArea"' in text else 0 :]
    text = re.sub(r"<(code|pre|script|info|bookinfo)\b.*?</\1>", " ", text, flags=re.S)
    for _, block in _BLOCK.findall(text):
        yield clean(block)


def _po(text: str):
    """Pairs of a .po file: the original and the translation."""
    for entry in re.split(r"\n\s*\n", text):
        found = {}
        for name in ("msgid", "msgstr"):
            match = re.search(rf'^{name} ((?:"(?:[^"\\]|\\.)*"\s*)+)', entry, re.M)
            if match:
                found[name] = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match[1]))
        if len(found) == 2 and found["msgid"]:
            yield found["msgid"], found["msgstr"]


def catalogue(path: Path, original: bool):
    """The strings of a catalogue without marks of accelerators and places."""
    if path.suffix == ".po":
        pairs = list(_po(path.read_text(encoding="utf-8", errors="replace")))
    else:
        with path.open("rb") as file:
            messages = gettext.GNUTranslations(file)._catalog
        pairs = [(k if isinstance(k, str) else k[0], v) for k, v in messages.items()]
    for before, after in pairs:
        before = before.split("\x04")[-1]
        if not before or before == after and not original:
            continue
        text = before if original else after
        # A number in a text is as often there as a place for one.
        yield clean(re.sub(r"\s+", " ", _MARKS.sub(lambda m: "7" if m[0][0] in "%{$" else "" if m[0][0] in "&_" else " ", text)))


def paragraphs(root: Path, source: str, lang: str):
    pattern = SOURCES[source][1]
    find = lambda language: [path for folder in FOLDERS[language] for path in sorted(root.glob(pattern.format(folder)))]
    paths, original = find(lang), False
    if lang == "en" and not paths and pattern.endswith("o"):
        paths, original = find("de"), True
    for path in paths:
        yield from catalogue(path, original) if path.suffix in (".mo", ".po") else page(path)


def collect(root: Path, out: Path):
    english = set()
    for lang in LANGS:
        seen, parts = set(), {"train": [], "dev": [], "held": []}
        for source, (part, _) in SOURCES.items():
            texts = []
            for text in paragraphs(root, source, lang):
                key = re.sub(r"\d", "0", text.lower())
                if not fit(text) or key in seen or lang != "en" and len(text) > 30 and key in english:
                    continue
                seen.add(key)
                texts.append(text)
            # Neighbours stay together: whole stretches are kept or left out.
            if len(texts) > LIMIT:
                runs = [texts[i : i + 40] for i in range(0, len(texts), 40)]
                random.Random(1).shuffle(runs)
                texts = [t for run in runs[: LIMIT // 40] for t in run]
            parts[part] += [{"id": f"{source}-{lang}-{i}", "text": t, "lang": lang} for i, t in enumerate(texts)]
            print(lang, part, source, len(texts), sum(map(len, texts)), flush=True)
        if lang == "en":
            english = seen
        for part, records in parts.items():
            with gzip.open(out / f"negative.{part}.{lang}.jsonl.gz", "wt", encoding="utf-8") as file:
                file.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records)


def read(folder: str, part: str) -> dict[str, list[dict]]:
    out = {}
    for lang in LANGS:
        path = Path(folder) / f"negative.{part}.{lang}.jsonl.gz"
        if path.exists():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                out[lang] = [json.loads(line) for line in lines]
    return out


def run(records: list[dict], rng: random.Random) -> list[str]:
    """One to some paragraphs that stand together."""
    start = rng.randrange(len(records))
    out, room = [], rng.choice((60, 120, 250, 400, 600))
    source = records[start]["id"].rsplit("-", 1)[0]
    for record in records[start : start + 14]:
        if out and (len(record["text"]) > room or not record["id"].startswith(source)):
            break
        out.append(record["text"])
        room -= len(record["text"])
    return out


def join(texts: list[str], rng: random.Random) -> str:
    """Paragraphs as prose, or short ones as lists, tables and forms are written."""
    if max(map(len, texts)) < 60 and rng.random() < 0.7:
        mark = rng.choice(("\n", "\n", "\n- ", " | ", "; ", ", ", " / ", ": ", "\t", " "))
        return ("- " if mark == "\n- " else "") + mark.join(texts)
    return rng.choice(("\n", "\n\n", " ", " ")).join(texts)


def gazetteers(folder: str) -> dict[str, Gazetteer]:
    """The lists of each language with the words of its training texts."""
    return {lang: Gazetteer(lang, [r["text"] for r in records]) for lang, records in read(folder, "train").items()}


def stream(folder: str, tokenizer, seed: int, lists: dict[str, Gazetteer], salted: float = 0.4):
    """Endless examples; a share of them is salted with generated personal data, so that names stand among real words."""
    rng = random.Random(seed)
    by_lang = read(folder, "train")
    langs = list(by_lang)
    while True:
        lang = rng.choice(langs)
        text, spans = join(run(by_lang[lang], rng), rng), []
        if rng.random() < salted:
            text, spans = generator.salted(rng, lang, text)
        encoded = encode(tokenizer, text)
        if 0 < len(encoded) <= WINDOW - 2:
            yield encoded, lists[lang].allowed(text, encoded, spans)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default="/", help="where the packages are installed or unpacked")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    collect(Path(options.root), out)


if __name__ == "__main__":
    main()
