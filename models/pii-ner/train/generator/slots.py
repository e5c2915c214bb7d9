"""What the slots of frames become. A `Scene` keeps the people and firms of one text together."""

import random

from . import addresses, organisations, structured, places, times
from .names import Person

TITLES = {
    "en": {"x": "Dr|Dr.|Prof.|Professor|Rev.|Capt.|Judge", "m": "Mr|Mr.|Mr|Sir", "f": "Mrs|Ms|Mrs.|Ms.|Miss|Mrs|Madam|Lady"},
    "de": {"x": "Dr.|Dr.|Prof. Dr.|Dr. med.|Prof.|Dipl.-Ing.|Mag.|Ing.|RA|Pfarrer|Dr. jur.", "m": "Herr|Herrn|Herr|Hr.|Herr Dr.|Herrn Prof.|Hrn.", "f": "Frau|Frau|Frau|Fr.|Frau Dr.|Frau Prof.|Fräulein"},
    "fr": {"x": "Dr|Docteur|Me|Maître|Pr|Professeur|Dr.", "m": "M.|M.|Monsieur|Mr|monsieur|M", "f": "Mme|Mme|Madame|Mlle|madame|Mademoiselle"},
    "es": {"x": "Dr.|Dra.|Prof.|Lic.|Ing.|doctor|doctora|Padre", "m": "Sr.|Sr.|Don|D.|señor|don|Señor", "f": "Sra.|Sra.|Doña|Dña.|señora|doña|Srta.|Señora"},
    "it": {"x": "Dott.|Dott.ssa|Avv.|Ing.|Prof.|Prof.ssa|Arch.|Geom.|dottor|Rag.|Don", "m": "Sig.|Signor|signor|Sig.|Egr. Sig.", "f": "Sig.ra|Signora|signora|Sig.ra|Gent.ma Sig.ra|Signorina"},
    "nl": {"x": "Dr.|dr.|Prof.|Ir.|ir.|drs.|Drs.|mr.|ing.|Ds.|prof. dr.", "m": "Dhr.|dhr.|meneer|Meneer|de heer|De heer|heer", "f": "Mevr.|mevr.|Mw.|mw.|mevrouw|Mevrouw|mej."},
    "pl": {"x": "dr|dr hab.|prof.|mgr|inż.|mec.|mgr inż.|lek. med.|ks.|doktor", "m": "Pan|pan|Pan|p.|Pana|pana", "f": "Pani|pani|Pani|p.|Panią|panią"},
    "pt": {"x": "Dr.|Dra.|Eng.|Eng.ª|Prof.|Prof.ª|Doutor|Doutora|Padre", "m": "Sr.|Sr.|senhor|Senhor|Exmo. Sr.|Seu|sr.", "f": "Sra.|Sra.|senhora|Senhora|Dona|D.|Exma. Sra.|sra.|dona"},
}
TITLES = {lang: {k: v.split("|") for k, v in kinds.items()} for lang, kinds in TITLES.items()}

# {nat=Polin|Türkin} is one of these words, labelled: forms that no list inflects.
WRITTEN = {"org": "ORGANISATION", "loc": "LOCATION", "dt": "DATE_TIME", "age": "AGE", "nat": "NATIONALITY", "title": "TITLE", "per": "PERSON", "addr": "ADDRESS"}


class Scene:
    """Values for the slots of one text in one language."""

    def __init__(self, rng: random.Random, lang: str, grammar):
        self.rng, self.lang, self.grammar = rng, lang, grammar
        self.people: list[Person] = []

    def person(self) -> Person:
        """Mostly somebody new, sometimes somebody named before."""
        if self.people and self.rng.random() < 0.3:
            return self.rng.choice(self.people)
        person = Person(self.rng, self.lang)
        self.people.append(person)
        return person

    def title(self, person: Person, kind: str = "") -> str:
        kinds = TITLES[self.lang]
        return self.rng.choice(kinds["x"] if kind == "x" else kinds["f" if person.woman else "m"])

    def __call__(self, name: str):
        kind, written, words = name.partition("=")
        if written:
            return [(self.rng.choice(words.split("|")), WRITTEN[kind])]
        name, _, form = name.partition(":")
        if form in ("low", "up"):  # {N:low}: in a text that has no capitals, {ORG:up}: in one of nothing else
            return [(text.lower() if form == "low" else text.upper(), label) for text, label in self(name)]
        return getattr(self, "_" + name.lower())(form)

    # People. {P} any writing, {N} first and last, {F}, {L}; {P:gen} Polish and German cases.
    def _name(self, person: Person, text: str, form: str):
        if form == "gen" and self.lang in ("de", "en", "nl"):
            return self._genitive(person, text)
        return [(person.decline(text, form) if form else text, "PERSON")]

    def _genitive(self, person, text):
        full = person.genitive(text)
        if self.lang == "en":
            return [(text, "PERSON"), (full[len(text) :], None)]
        return [(full, "PERSON")]

    def _p(self, form):
        person = self.person()
        draw = self.rng.random()
        if draw < 0.16:
            return self._honour(person, person.last if self.rng.random() < 0.75 else person.plain(), form)
        if form or draw < 0.72:
            return self._name(person, person.plain() if draw < 0.62 else person.first if draw < 0.68 else person.last, form)
        return self._name(person, person.full() if draw < 0.9 else person.first, form)

    def _n(self, form):
        person = self.person()
        return self._name(person, person.plain(), form)

    def _f(self, form):
        person = self.person()
        return self._name(person, person.first, form)

    def _l(self, form):
        person = self.person()
        return self._name(person, person.last, form)

    def _r(self, form):
        return [(self.person().reversed(), "PERSON")]

    def _b(self, form):
        return [(self.person().bureau(), "PERSON")]

    def _i(self, form):
        return [(self.person().initials(), "PERSON")]

    def _full(self, form):
        return [(self.person().full(), "PERSON")]

    def _honour(self, person, text, form, kind=""):
        return [(self.title(person, kind), "TITLE"), (" ", None), *self._name(person, text, form)]

    def _tl(self, form):
        """Mr, Frau ... and the last name."""
        person = self.person()
        return self._honour(person, person.last, form)

    def _tn(self, form):
        person = self.person()
        return self._honour(person, person.plain(), form)

    def _tf(self, form):
        """Dona Maria, pani Anna."""
        person = self.person()
        return self._honour(person, person.first, form)

    def _dr(self, form):
        """Academic title and a name."""
        person = self.person()
        return self._honour(person, person.last if self.rng.random() < 0.5 else person.plain(), form, "x")

    def _t(self, form):
        person = self.person()
        return [(self.title(person, "x" if self.rng.random() < 0.4 else ""), "TITLE")]

    # Organisations and places.
    def _org(self, form):
        return [(organisations.organisation(self.rng, self.lang), "ORGANISATION")]

    def _loc(self, form):
        return [(places.place(self.rng, self.lang), "LOCATION")]

    def _city(self, form):
        return [(places.city(self.rng, self.lang), "LOCATION")]

    def _country(self, form):
        return [(places.country(self.rng, self.lang), "LOCATION")]

    def _region(self, form):
        return [(self.rng.choice(places.REGIONS[self.lang]), "LOCATION")]

    def _nat(self, form):
        return [(places.nationality(self.rng, self.lang), "NATIONALITY")]

    # Addresses.
    def _addr(self, form):
        draw = self.rng.random()
        make = addresses.one_line if draw < 0.55 else addresses.street_only if draw < 0.78 else addresses.lines if draw < 0.9 else addresses.street_name if draw < 0.95 else addresses.code_and_city
        return [(make(self.rng, self.lang), "ADDRESS")]

    def _addr1(self, form):
        return [(addresses.one_line(self.rng, self.lang), "ADDRESS")]

    def _addrl(self, form):
        return [(addresses.lines(self.rng, self.lang), "ADDRESS")]

    def _street(self, form):
        return [(addresses.street_only(self.rng, self.lang), "ADDRESS")]

    def _zip(self, form):
        return [(addresses.code_only(self.rng, self.lang), "ADDRESS")]

    def _zipcity(self, form):
        return [(addresses.code_and_city(self.rng, self.lang), "ADDRESS")]

    # Times and ages.
    def _moment(self, text: str):
        start, end = times.bounds(text, self.lang)
        return [c for c in ((text[:start], None), (text[start:end], "DATE_TIME"), (text[end:], None)) if c[0]]

    def _dt(self, form):
        return self._moment(times.any_time(self.rng, self.lang))

    def _date(self, form):
        return [((times.numeric if self.rng.random() < 0.6 else times.worded)(self.rng, self.lang), "DATE_TIME")]

    def _dob(self, form):
        return self._date(form)

    def _day(self, form):
        return [(times.weekday(self.rng, self.lang), "DATE_TIME")]

    def _rel(self, form):
        return self._moment(times.relative(self.rng, self.lang))

    def _time(self, form):
        """{TIME:bare} has no article or word for the hour: a frame that writes "a las", "alle" brings its own."""
        chunks = self._moment(times.clock(self.rng, self.lang))
        return [c for c in chunks if c[1]] if form == "bare" else chunks

    def _month(self, form):
        return [(times.month(self.rng, self.lang), "DATE_TIME")]

    def _year(self, form):
        return [(str(times.year(self.rng)), "DATE_TIME")]

    def _stamp(self, form):
        return self._moment(times.stamp(self.rng, self.lang))

    def _age(self, form):
        return [(times.age(self.rng, self.lang), "AGE")]

    def _agen(self, form):
        return [(times.age(self.rng, self.lang, bare=True), "AGE")]

    # Plain: what patterns find, and things.
    def _email(self, form):
        person = self.person()
        return [(structured.email(self.rng, person.first, person.last), None)]

    def _phone(self, form):
        return [(structured.phone(self.rng, self.lang), None)]

    def _iban(self, form):
        return [(structured.iban(self.rng, self.lang), None)]

    def _card(self, form):
        return [(structured.card(self.rng), None)]

    def _id(self, form):
        return [(structured.identifier(self.rng), None)]

    def _code(self, form):
        return [(structured.code(self.rng), None)]

    def _money(self, form):
        return [(structured.money(self.rng, self.lang), None)]

    def _url(self, form):
        return [(structured.url(self.rng), None)]

    def _ip(self, form):
        return [(structured.ip(self.rng), None)]

    def _secret(self, form):
        return [(structured.secret(self.rng), None)]

    def _plate(self, form):
        return [(structured.plate(self.rng), None)]

    def _num(self, form):
        return [(str(self.rng.choice((self.rng.randint(1, 12), self.rng.randint(1, 999)))), None)]

    def _prod(self, form):
        return self.grammar.draw("prod", self.rng, self)
