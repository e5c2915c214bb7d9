"""Which words of an unlabelled text might be personal data: all that is in a list of names, places, months and so on. The rest is not."""

import re
from collections import Counter
from functools import cache

from encode import tags_of
from generator import names, organisations, places, slots, times
from labels import INDEX, TAGS

_WORD = re.compile(r"[^\W_]+")
_ALL = (1 << len(TAGS)) - 1
_O = 1
# A capitalised word that a corpus about things has so often is a thing, whatever family bears its name.
OFTEN = 12
_DATE = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\b\d{1,2}[:h.]\d{2}\b(?: ?[ap]\.?m\b)?|\b(?:19|20)\d\d\b|\b\d{1,2}(?:st|nd|rd|th)\b|\b\d{1,2} ?(?:am|pm|h|Uhr|uur)\b|\bgodz\S* \d+", re.I
)
_AGE = re.compile(r"\b\d{1,3}[- ](?:years?|yrs|Jahre|jährig\w*|ans|años|anni|jaar|lat|lata|anos)\b", re.I)
_SMALL = {
    "en": "the a of on at in and this last next end early mid day days weeks week two three ago after before years year old aged age months month",
    "de": "am im den die der das vor in und um nach Ende Anfang Mitte Tag Tage Tagen Woche Wochen Monat Monate Jahr Jahre alt nächste letzte nächsten letzten des auf halb Viertel",
    "fr": "le la les l de du d à a il y en dans un une et ce cet cette fin début mi jour jours semaine semaines mois an ans prochaine dernière prochain dernier heures h trois deux",
    "es": "el la los las de del a al que por en un una y este esta fin finales principios mediados día días semana semanas mes año años hace dos tres viene pasado pasada próximo horas h",
    "it": "il la le lo l di del della a al alle in nel un una e questo questa fine inizio metà giorno giorni settimana settimane mese anno anni fa due tre scorso scorsa prossimo prossima ore",
    "nl": "de het een van op om in en dit deze eind begin half dag dagen week weken maand jaar geleden twee drie volgende vorige komende over kwart uur voor oud tweede",
    "pl": "w we z o po na do i ten ta to koniec początek połowa dzień dni tydzień tygodniu miesiąc miesiącu rok lat lata temu dwa trzy przyszłym zeszłym zeszły najbliższy r roku godz",
    "pt": "o a os as de do da no na em ao à às um uma e este esta fim início meados dia dias semana semanas mês ano anos há duas três próximo próxima passado passada que horas h depois",
}


def words(text: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(text)]


@cache
def _people_and_places() -> tuple[frozenset, frozenset]:
    """Words that are names whatever the corpus has (given names, large towns, countries), and the others (families, small towns)."""
    sure, maybe = set(), set()
    locales = {c for chosen in names.HOME.values() for c in chosen} | set(names.ELSEWHERE) | {"roman"}
    for locale in sorted(locales):
        pool = names.pool(locale)
        if pool:
            sure.update(w for n in pool["f"] + pool["m"] for w in words(n))
            maybe.update(w for n in pool["l"] + pool["lf"] for w in words(n))
    for nick in names.NICK.values():
        sure.update(w for n in nick for w in words(n))
    sure.update(w for town in places._LARGE for w in words(town) if len(w) > 3)
    maybe.update(w for towns in places._NAMES.values() for town in towns for w in words(town) if len(w) > 3)
    for table in (places.EXONYMS, places.REGIONS):
        sure.update(w for rows in table.values() for row in rows for w in words(row) if len(w) > 3)
    return frozenset(sure), frozenset(maybe)


@cache
def _others(lang: str) -> tuple[frozenset, frozenset, frozenset]:
    """Months and days; points in time, nationalities, titles; and what counts with a capital only: countries, legal forms, abbreviations."""
    lists = lambda *tables: {w for table in tables for row in table[lang] for w in words(row)}
    small = set(words(_SMALL[lang]))
    calendar = lists(times.MONTHS, times.MONTHS_ALONE, times.DAYS)
    loose = lists(times.RELATIVE, places.NATIONALITIES) | {w for rows in slots.TITLES[lang].values() for row in rows for w in words(row)}
    capital = lists(times.SHORT, times.DAYS_SHORT, places.COUNTRIES) | organisations.legal_words(lang)
    long = lambda found: frozenset(w for w in found - small if len(w) > 1)
    return long(calendar), long(loose), long(capital)


class Gazetteer:
    """The lists of one language, and how often each word stands in a corpus of it."""

    def __init__(self, lang: str, corpus: list[str] = ()):
        self.sure, self.maybe = _people_and_places()
        self.calendar, self.loose, self.capital = _others(lang)
        self.small = frozenset(words(_SMALL[lang]))
        self.often = Counter(w for text in corpus for w in words(text))

    def may_be_personal(self, word: str, people: bool = True) -> bool:
        """Whether a word may be a name, a time, a title; without `people` and places, the last two."""
        low = word.lower()
        if low in self.calendar or low in self.loose and self.often[low] < 10 * OFTEN:
            return True
        if not word[0].isupper():
            return False
        if low in self.capital:
            return self.often[low] < 10 * OFTEN
        if not people:
            return False
        if low in self.sure:
            return self.often[low] < 20 * OFTEN
        return low in self.maybe and self.often[low] < OFTEN

    def open_spans(self, text: str, people: bool = True) -> list[tuple[int, int]]:
        """The stretches of a text that may be personal data; a capitalised word beside one belongs to it."""
        found = [m.span() for pattern in (_DATE, _AGE) for m in pattern.finditer(text)]
        marks = [(m.start(), m.end(), self.may_be_personal(m[0], people)) for m in _WORD.finditer(text)]
        for i, (start, end, personal) in enumerate(marks):
            if not personal:
                continue
            found.append((start, end))
            for other in (i - 1, i + 1):
                if 0 <= other < len(marks):
                    a, b = marks[other][:2]
                    near = text[b:start] if other < i else text[end:a]
                    if text[a].isdigit() or text[start].isupper() and text[a].isupper() and not near.strip(" -'’."):
                        found.append((min(a, start), max(b, end)))
        return sorted(found)

    def left_open(self, text: str, encoded) -> list[bool]:
        """For each piece of a text whose names are marked, whether it may be a time, age, title or address all the same."""
        marks = [(m.start(), m.end()) for m in _WORD.finditer(text)]
        spans = self.open_spans(text, people=False)
        sure = [any(s < b and a < e for s, e in spans) for a, b in marks]
        found = []
        for i, (a, b) in enumerate(marks):
            small = text[a:b].lower() in self.small and any(sure[max(i - 2, 0) : i + 3])
            # A number beside a capital may be a house, one beside a time a day.
            beside = [text[c] for c, _ in marks[max(i - 1, 0) : i + 2]]
            number = text[a].isdigit() and any(c.isupper() for c in beside) or any(c.isdigit() for c in text[a:b]) and any(sure[max(i - 2, 0) : i + 3])
            if sure[i] or small or number:
                found.append((a, b))
        out, at = [], 0
        for start, end in encoded.offsets:
            while at < len(found) and found[at][1] < start:
                at += 1
            out.append(at < len(found) and found[at][0] <= end)
        return out

    def allowed(self, text: str, encoded, spans) -> list[int]:
        """For each piece the tags that it may have: those of `spans` are known, the rest is O where nothing speaks for a name."""
        open_spans = self.open_spans(text)
        sets, at = [], 0
        tags = tags_of(encoded, spans)
        for (start, end), tag in zip(encoded.offsets, tags):
            while at < len(open_spans) and open_spans[at][1] <= start:
                at += 1
            inside = any(s < end and start < e for s, e in open_spans[at : at + 6])
            if tag.endswith("-O"):
                sets.append(_O)
                continue
            sets.append(1 << INDEX[tag] if tag != "O" else _ALL if inside and not spans_near(spans, start, end) else _O)
        return sets


def spans_near(spans, start: int, end: int) -> bool:
    """Generated text is fully labelled: beside its spans nothing is open."""
    return any(s - 1 <= start and end <= e + 1 for s, e, _ in spans)
