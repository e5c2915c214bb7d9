"""People's names: pools of first and last names by locale (from Faker), ways to write them, Polish cases."""

import importlib
import random
import re

# Where the names of a language's texts come from, most often first.
HOME = {
    "en": ("en_US", "en_GB", "en_IE", "en_NZ", "en_US"),
    "de": ("de_DE", "de_AT", "de_CH", "de_DE"),
    "fr": ("fr_FR", "fr_CH", "fr_BE", "fr_CA"),
    "es": ("es_ES", "es_MX", "es_CO", "es_AR", "es_CL"),
    "it": ("it_IT",),
    "nl": ("nl_NL", "nl_BE"),
    "pl": ("pl_PL",),
    "pt": ("pt_PT", "pt_BR"),
}
ELSEWHERE = (
    "tr_TR vi_VN id_ID yo_NG ig_NG ha_NG tw_GH sw zu_ZA en_IN en_PK ro_RO hr_HR cs_CZ hu_HU fi_FI sv_SE no_NO da_DK et_EE "
    "lt_LT lv_LV is_IS sl_SI sk_SK az_AZ sq_AL bs_BA fil_PH mt_MT ga_IE lb_LU de_DE fr_FR es_ES it_IT nl_NL pl_PL pt_PT pt_BR en_GB en_US"
).split()

# Romanised names of cultures whose Faker locales write other scripts.
ROMAN_FIRST = """Mohammed Ahmed Fatima Aisha Yusuf Omar Layla Hassan Khalid Noor Samira Tariq Zainab Bilal Rania Karim Nadia Salma
Ibrahim Mariam Wei Li Jing Xiaoming Yan Mei Hao Lin Feng Ying Jun Min-jun Seo-yeon Ji-woo Hyun-woo Eun-ji Haruto Yui Sakura Kenji
Akiko Hiroshi Yuki Takeshi Oleksandr Olena Andriy Oksana Volodymyr Iryna Dmitri Svetlana Sergei Natalia Aleksei Ekaterina Yulia
Nikos Giorgos Eleni Dimitra Konstantinos Katerina Priya Arjun Lakshmi Rajesh Sunita Anjali Vikram Deepa Kavitha Ravi Abebe Tigist
Selam Bekele Amara Chidi Kwame Kofi Ama Siddharth Reza Parisa Shirin Farid Hamid Golnaz Ariel Noa Yael Itai Moshe Somchai Malee Aram
Davit Nino Giorgi Zhanna Aigerim Nursultan Jovana Dragan Milica Goran Zoran Bojan Vesna""".split()
ROMAN_LAST = """Al-Hassan El-Sayed Haddad Khoury Mansour Saleh Abdullah Nasser Bakri Rahimi Hosseini Ahmadi Karimi Shah Khan Malik
Qureshi Siddiqui Zhang Wang Chen Liu Yang Huang Zhao Wu Zhou Xu Sun Lin Kim Park Lee Choi Jung Kang Tanaka Suzuki Yamamoto Watanabe
Nakamura Kobayashi Shevchenko Kovalenko Bondarenko Tkachenko Kravchuk Ivanov Petrova Sidorov Volkova Kuznetsov Smirnova
Papadopoulos Georgiou Nikolaidis Iyer Subramaniam Venkatesan Patel Sharma Gupta Reddy Nair Menon Chatterjee Singh Kaur Tesfaye
Haile Mengistu Okonkwo Adeyemi Mensah Boateng Diallo Traoré Ndiaye Cohen Levy Mizrahi Ben-David Sargsyan Petrosyan Beridze
Nazarbayeva Jovanović Nikolić Petrović Marković ben-Ammar El-Idrissi Ouali Benali Bouzid Çelik Yıldız Öztürk Kaya""".split()

PARTICLES = {
    "en": ("O'", "Mc", "Mac", "van der ", "de ", "Fitz", "St. "),
    "de": ("von ", "von der ", "van ", "zu ", "von und zu ", "vom ", "auf der "),
    "fr": ("de ", "du ", "de la ", "le ", "d'"),
    "es": ("de la ", "del ", "de ", "de los "),
    "it": ("De ", "Di ", "Del ", "D'", "Della ", "Lo "),
    "nl": ("van ", "van der ", "van den ", "de ", "ter ", "van 't ", "ten ", "van de "),
    "pl": ("",),
    "pt": ("da ", "de ", "dos ", "do "),
}
NICK = {
    "en": "Bob Liz Maggie Nick Steph Jen Mike Tom Kate Ben Will Sue Dave Jo Sam Al Grace Rose Mark Hope Faith Joy Bill Jack Ruby Pat".split(),
    "de": "Uli Hansi Gabi Steffi Micha Kathi Toni Susi Rolli Andi Moni Resi Sepp Hannes Basti Jule Wolle".split(),
    "fr": "Manu Jojo Steph Fred Caro Isa Nico Gégé Mimi Titi Domi Max Léo Lou Zoé".split(),
    "es": "Pepe Paco Lola Nacho Charo Chema Maite Pili Manolo Quique Merche Fran Toñi Chus Rafa Lupe".split(),
    "it": "Beppe Gigi Pino Lella Nino Totò Mimmo Lory Sandro Ale Fede Vale Ciro Tonia".split(),
    "nl": "Jaap Kees Joop Sjaak Wim Riet Bep Truus Henk Ans Piet Teun Sjors Loes Mieke Daan".split(),
    "pl": "Kasia Gosia Tomek Basia Ania Zosia Asia Krzysiek Wojtek Jurek Magda Ola Kuba Staszek Hania Grzesiek Bartek".split(),
    "pt": "Zé Chico Tó Lena Quim Nando Bia Guga Duda Carol Rafa Tiago Xana Mila Tita".split(),
}
_LATIN = re.compile(r"^[A-Za-zÀ-ɏḀ-ỿ' .’-]+$")


def _list(provider, *names) -> list[str]:
    out = []
    for name in names:
        value = getattr(provider, name, None)
        if isinstance(value, (list, tuple, dict, set)):
            out.extend(value)
    return sorted({v for v in out if isinstance(v, str) and len(v) > 1 and _LATIN.match(v) and not v.isupper()})


def _pool(locale: str) -> dict[str, list[str]] | None:
    try:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    except ImportError:
        return None
    women = _list(provider, "first_names_female", "first_names_unisex")
    men = _list(provider, "first_names_male", "first_names_unisex")
    both = _list(provider, "first_names")
    last = _list(provider, "last_names", "last_names_male", "unisex_last_names")
    pool = {
        "f": women or both,
        "m": men or both,
        "l": last or _list(provider, "last_names_female"),
        "lf": _list(provider, "last_names_female", "unisex_last_names") or last,
    }
    complete = pool["f"] and pool["m"] and pool["l"] and pool["lf"]
    return pool if complete else None


_POOLS: dict[str, dict] = {"roman": {"f": ROMAN_FIRST, "m": ROMAN_FIRST, "l": ROMAN_LAST, "lf": ROMAN_LAST}}


def pool(locale: str) -> dict[str, list[str]] | None:
    if locale not in _POOLS:
        _POOLS[locale] = _pool(locale)
    return _POOLS[locale]


def _polish_last(last: str, woman: bool) -> str:
    if woman and last.endswith(("ski", "cki", "dzki")):
        return last[:-1] + "a"
    return last


class Person:
    """One person; the writings of the name that a text uses stay with the same person."""

    def __init__(self, rng: random.Random, lang: str):
        self.lang, self.rng = lang, rng
        draw = rng.random()
        chosen = pool(rng.choice(HOME[lang])) if draw < 0.66 else pool(rng.choice(ELSEWHERE)) if draw < 0.88 else pool("roman")
        chosen = chosen or pool("roman")
        self.home = draw < 0.66
        self.woman = rng.random() < 0.5
        self.first = rng.choice(chosen["f" if self.woman else "m"])
        if self.home and rng.random() < 0.06:
            self.first = rng.choice(NICK[lang])
        self.last = rng.choice(chosen["lf" if self.woman else "l"])
        if lang == "pl":
            self.last = _polish_last(self.last, self.woman)
        elif lang in ("es",) and self.home and rng.random() < 0.6:
            self.last += " " + rng.choice(chosen["l"])
        elif lang == "pt" and self.home and rng.random() < 0.5:
            self.last = rng.choice(chosen["l"]) + rng.choice((" ", " ", " da ", " dos ", " de ")) + self.last
        if rng.random() < (0.22 if lang == "nl" else 0.05):
            particle = rng.choice(PARTICLES[lang])
            if self.last[:1].isupper() and " " not in self.last:
                self.last = particle + self.last
        if rng.random() < 0.06 and " " not in self.last:
            self.last += "-" + rng.choice(chosen["l"])
        if rng.random() < 0.06 and " " not in self.first:
            self.first += rng.choice(("-", " ")) + rng.choice(chosen["f" if self.woman else "m"])
        self.middle = rng.choice(chosen["f" if self.woman else "m"]) if rng.random() < 0.08 else ""

    def full(self) -> str:
        """The full name in one of its writings."""
        draw, rng = rng_draw(self.rng)
        initial = self.first[0] + "."
        if draw < 0.70:
            return f"{self.first} {self.last}"
        if draw < 0.76:
            return f"{self.first} {self.middle[0] + '.' if self.middle and rng.random() < 0.6 else self.middle or rng.choice('ABCDEFGHJKLMPRST') + '.'} {self.last}"
        if draw < 0.84:
            return f"{initial} {self.last}"
        if draw < 0.86:
            return f"{initial}{rng.choice('ABCDEFGHJKLMPRST')}. {self.last}"
        if draw < 0.95:
            return f"{self.last}, {self.first}"
        return f"{self.last} {self.first}"

    def plain(self) -> str:
        return f"{self.first} {self.last}"

    def reversed(self) -> str:
        return f"{self.last}, {self.first}"

    def bureau(self) -> str:
        """Last name first, as lists and forms have it, often in capitals."""
        draw, _ = rng_draw(self.rng)
        if draw < 0.35:
            return f"{self.last.upper()} {self.first}"
        if draw < 0.7:
            return f"{self.last} {self.first}"
        return f"{self.last.upper()}, {self.first}"

    def initials(self) -> str:
        return f"{self.first[0]}.{self.last[0].upper()}." if self.rng.random() < 0.5 else f"{self.first} {self.last[0].upper()}."

    def genitive(self, name: str) -> str:
        """"Müllers", "Smith's"."""
        if self.lang == "en":
            return name + ("'" if name.endswith("s") and self.rng.random() < 0.3 else "'s")
        return name + ("'" if name[-1] in "sxzß" else "s")

    def decline(self, name: str, case: str) -> str:
        """A Polish name in case `gen`, `dat` or `ins`, word by word; other endings stay."""
        return " ".join(_decline(word, self.woman, case) for word in name.split(" "))


def rng_draw(rng: random.Random):
    return rng.random(), rng


_ENDINGS = {  # woman? -> ending -> (genitive, dative, instrumental)
    True: (("ska", ("skiej", "skiej", "ską")), ("cka", ("ckiej", "ckiej", "cką")), ("ia", ("ii", "ii", "ią")),
           ("ka", ("ki", "ce", "ką")), ("ga", ("gi", "dze", "gą")), ("ta", ("ty", "cie", "tą")), ("na", ("ny", "nie", "ną")),
           ("a", ("y", "ie", "ą"))),
    False: (("ski", ("skiego", "skiemu", "skim")), ("cki", ("ckiego", "ckiemu", "ckim")), ("ek", ("ka", "kowi", "kiem")),
            ("ka", ("ki", "ce", "ką")), ("a", ("y", "ie", "ą")), ("k", ("ka", "kowi", "kiem")), ("g", ("ga", "gowi", "giem"))),
}


def _decline(word: str, woman: bool, case: str) -> str:
    at = ("gen", "dat", "ins").index(case)
    for ending, forms in _ENDINGS[woman]:
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + forms[at]
    if not woman and word[-1:].isalpha() and word[-1] not in "aeiouyąęó":
        return word + ("a", "owi", "em")[at]
    return word
