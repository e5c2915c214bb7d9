"""Other names, firms, products, amounts, dates and codes, each the same everywhere in a record."""

import importlib
import re
import unicodedata

from .dates import Dates
from .record import Record
from .words import CITIES, CURRENCIES, GOODS, PLAIN_WORDS, SYLLABLES

LOCALES = {
    "DE": "de_DE", "AT": "de_AT", "CH": "de_CH", "FR": "fr_FR", "ES": "es_ES", "IT": "it_IT", "NL": "nl_NL", "BE": "nl_BE",
    "PL": "pl_PL", "PT": "pt_PT", "GB": "en_GB", "IE": "en_IE", "US": "en_US", "DK": "da_DK", "SE": "sv_SE", "NO": "no_NO",
    "FI": "fi_FI", "CZ": "cs_CZ", "HU": "hu_HU", "RO": "ro_RO", "HR": "hr_HR", "TR": "tr_TR", "IN": "en_IN", "EE": "et_EE",
    "LV": "lv_LV", "LT": "lt_LT", "SK": "sk_SK", "SI": "sl_SI", "IS": "is_IS",
}
TITLES = {"mr", "mrs", "ms", "dr", "herr", "frau", "mme", "sir", "prof", "and", "the", "von", "van", "der", "del", "den", "dos", "des", "ibn"}
CODE = re.compile(r"\b(?=[\w/-]*\d)[A-Za-z]{0,5}[-/]?\d[\dA-Za-z]*(?:[-/.][\dA-Za-z]+)*\b|\b\d{3} \d{3}\b")
MONEY = re.compile(
    r"(?P<before>€|£|\$)(?P<a>\d[\d.,]*\d|\d)|(?P<b>\d[\d.,']*\d|\d)(?P<gap> ?)(?P<after>EUR|USD|GBP|CHF|SEK|DKK|NOK|€|£|\$|euros?|pounds|dollars|francs)(?!\w)"
)
NUMBER = re.compile(r"(?<![\w.,:/-])\d{1,3}(?:[.,]\d+)?(?![\w:/-]|[.,]\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def pool(locale: str, which: str) -> list[str]:
    """First or last names of a Faker locale, written with Latin letters."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    names = getattr(provider, which)
    names = [re.sub(r"<.*?>", "", name) for name in (names if not hasattr(names, "keys") else list(names))]
    return sorted({n for n in names if n.isalpha() and 3 <= len(n) <= 12 and n[0].isupper() and n.lower() not in PLAIN_WORDS})


POOLS: dict[tuple, list[str]] = {}


def a_name(rng, country: str, which: str) -> str:
    locale = LOCALES.get(country) if rng.random() < 0.6 else None
    locale = locale or rng.choice(sorted(LOCALES.values()))
    if (locale, which) not in POOLS:
        POOLS[locale, which] = pool(locale, which)
    return rng.choice(POOLS[locale, which] or ["Morgan", "Keller", "Novak"])


def digits(rng, text: str) -> str:
    """Another number of the same form."""
    out, first = [], True
    for c in text:
        if c.isdigit():
            out.append(c if first and c == "0" else str(rng.randrange(1 if first else 0, 10)))
            first = False
        else:
            out.append(c)
    return "".join(out)


def ascii_of(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def plural(word: str) -> str:
    return word + ("es" if word.endswith(("s", "x", "sh", "ch")) else "s")


class Facts:
    """What of one record becomes what."""

    def __init__(self, rng, record: Record, english: bool):
        self.rng, self.record = rng, record
        self.words: dict[str, str] = {}
        self.seen: dict[tuple, str] = {}
        variables = record.raw["variables"]
        top = next(iter(variables.values()))
        people = [top[key] for key in ("Contact", "Who") if key in top] + [top]
        self.country = people[0].get("MailingCountryCode", "GB")
        for path in record.paths("Name"):
            holder = path[-2] if isinstance(path[-2], str) else path[-4]
            if holder in ("Contact", "Who", "Contacts", "contact"):
                self.person(record.text(path))
            elif holder in ("Account", "What", "account"):
                self.firm(record.text(path))
        for path in record.paths("BillingCity"):
            if rng.random() < 0.8:
                self.words.setdefault(record.text(path), rng.choice(CITIES))
        if english and rng.random() < 0.45:
            self.goods()
        self.money = self.currencies()
        self.dates = Dates(rng, english)
        self.amounts, self.codes, self.numbers = rng.random() < 0.85, rng.random() < 0.85, rng.random() < 0.5

    def person(self, name: str):
        parts = [part for part in name.split() if part.lower().strip(".") not in TITLES and len(part) > 2]
        for at, part in enumerate(parts):
            which = "first_names" if at == 0 and len(parts) > 1 else "last_names"
            if part.lower() not in PLAIN_WORDS:
                self.words.setdefault(part, a_name(self.rng, self.country, which))

    def firm(self, name: str):
        """One invented word takes the place of the most telling one."""
        telling = [w for w in re.findall(r"\w+", name) if len(w) > 4 and w[0].isupper() and w.lower() not in PLAIN_WORDS]
        if telling and self.rng.random() < 0.85:
            word = max(telling, key=len)
            made = "".join(self.rng.choice(SYLLABLES) for _ in range(self.rng.choice((2, 2, 3))))
            self.words.setdefault(word, made.capitalize())

    def goods(self):
        """Another product of the same sort: a kettle that leaks becomes a blender that leaks."""
        for sort in GOODS:
            others = list(sort)
            self.rng.shuffle(others)
            for one, other in zip(sort, others):
                if self.rng.random() < 0.6:
                    for a, b in ((one, other), (plural(one), plural(other))):
                        self.words.setdefault(a, b)
                        self.words.setdefault(a.capitalize(), b.capitalize())
                        self.words.setdefault(a.upper(), b.upper())

    def currencies(self) -> dict[str, str]:
        if self.rng.random() < 0.4:
            return {}
        code, sign, word = self.rng.choice(CURRENCIES)
        table = {}
        for codes, signs, words in CURRENCIES:
            table |= {codes: code, signs: sign, words: word}
        table["euro"] = word
        return table

    def changes(self, text: str) -> list[tuple[int, int, str]]:
        """The stretches that change, from the left, and what they become."""
        taken, found = [False] * len(text), []

        def put(start, end, new):
            if new is not None and not any(taken[start:end]):
                taken[start:end] = [True] * (end - start)
                # "by 14 May." becomes "by 14.5.", with one stop.
                if new.endswith(".") and text[end : end + 1] == ".":
                    new = new[:-1]
                if new != text[start:end]:
                    found.append((start, end, new))

        for match in MAIL.finditer(text):
            put(match.start(), match.end(), self.mail(match[0]))
        for pattern, change in self.dates.patterns:
            for match in pattern.finditer(text):
                put(match.start(), match.end(), change(match) or match[0])
        for match in MONEY.finditer(text):
            put(match.start(), match.end(), self.amount(match))
        for match in CODE.finditer(text):
            if sum(c.isdigit() for c in match[0]) >= 4 or match[0][0].isalpha() and any(c.isdigit() for c in match[0]):
                put(match.start(), match.end(), self.code(match[0]))
        for match in NUMBER.finditer(text):
            put(match.start(), match.end(), self.number(match[0]))
        for match in re.finditer(r"[^\W\d_]+(?:-[^\W\d_]+)*", text):
            word = match[0]
            if word in self.words:
                put(match.start(), match.end(), self.words[word])
            elif word.isupper() and len(word) > 2 and word.title() in self.words:
                put(match.start(), match.end(), self.words[word.title()].upper())
        return sorted(found)

    def once(self, kind: str, text: str, make) -> str:
        if (kind, text) not in self.seen:
            self.seen[kind, text] = make()
        return self.seen[kind, text]

    def mail(self, text: str) -> str:
        local = ascii_of(next(iter(self.words.values()), "info")) or "info"
        return self.once("mail", text, lambda: f"{local}@{self.rng.choice(('example.com', 'example.org', 'example.net'))}")

    def amount(self, match) -> str:
        number = match["a"] or match["b"]
        new = self.once("number", number, lambda: digits(self.rng, number)) if self.amounts else number
        if match["before"]:
            return self.money.get(match["before"], match["before"]) + new
        return new + match["gap"] + self.money.get(match["after"], match["after"])

    def code(self, text: str) -> str | None:
        if not self.codes or re.fullmatch(r"(19|20)\d\d", text):
            return None
        return self.once("code", text, lambda: digits(self.rng, text))

    def number(self, text: str) -> str:
        if not self.numbers or text in ("0", "1", "100"):
            return text
        return self.once("number", text, lambda: digits(self.rng, text))

    def apply(self):
        for pieces in self.record.fields.values():
            for piece in pieces:
                for start, end, new in reversed(self.changes(piece.text)):
                    piece.edit(start, end, new)
        for start, end, new in reversed(self.changes(self.record.answer)):
            self.record.answer = self.record.answer[:start] + new + self.record.answer[end:]
