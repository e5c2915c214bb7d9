"""Dates, weekdays and times: all of a record move by the same number of days, in another notation sometimes."""

import datetime
import re

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "short": "Mon Tue Wed Thu Fri Sat Sun",
}
MONTHS = {language: names.split() for language, names in MONTHS.items()}
WEEKDAYS = {language: names.split() for language, names in WEEKDAYS.items()}
MONTH_OF = {name.lower(): (language, at) for language, names in reversed(MONTHS.items()) for at, name in enumerate(names)}
DAY_OF = {name.lower(): (language, at) for language, names in WEEKDAYS.items() for at, name in enumerate(names)}
NAMES = "|".join(sorted(map(re.escape, MONTH_OF), key=len, reverse=True))
DAYS = "|".join(sorted(map(re.escape, DAY_OF), key=len, reverse=True))

ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|º|er)?(\.? ?(?:of |de )?)({NAMES})\b(?:,? (20\d\d))?", re.I)
MONTH_DAY = re.compile(rf"\b({NAMES}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (20\d\d))?(?![:.,]\d)", re.I)
NUMERIC = re.compile(r"(?<![\d/.-])(\d{1,2})([./])(\d{1,2})(?:\2(\d{4}|\d\d)?)?(?![\d/-])(?!,?\d)")
# A month alone: only after such words, since "may" and "march" are words.
BEFORE = "|".join(rf"(?<=\b{word} )" for word in "in by of im since until from till before seit depuis en".split())
MONTH = re.compile(rf"(?:{BEFORE})({NAMES})\b(?! \d)", re.I)
WEEKDAY = re.compile(rf"\b({DAYS})(?=s?\b)", re.I)
ORDINAL = re.compile(r"\b(\d{1,2})(st|nd|rd|th)\b")
TIME = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b")


def like(model: str, word: str) -> str:
    """`word` in the letter case of `model`."""
    if model.isupper() and len(model) > 1:
        return word.upper()
    return word.lower() if model.islower() else word[:1].upper() + word[1:]


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


class Dates:
    """How the dates of one record change."""

    def __init__(self, rng, english: bool):
        self.shift = rng.choice((0, 7, -7, 14, rng.randrange(-120, 120)))
        self.hours = rng.choice((0, 0, 1, -1, 2))
        keep = not english or rng.random() < 0.5
        self.style = None if keep else rng.choice(("d M", "M d", "dth M", "d m", "d/n", "d.n.", "the dth of M", "d M y"))
        self.patterns = (
            (ISO, self.iso), (DAY_MONTH, self.day_month), (MONTH_DAY, self.month_day), (NUMERIC, self.numeric),
            (MONTH, self.month), (WEEKDAY, self.weekday), (TIME, self.time), (ORDINAL, self.ordinal),
        )

    def moved(self, day, month, year=None):
        try:
            return datetime.date(int(year or 2026), int(month), int(day)) + datetime.timedelta(days=self.shift)
        except ValueError:
            return None

    def iso(self, match):
        date = self.moved(match[3], match[2], match[1])
        return date and date.isoformat()

    def named(self, match, day, name, year, order):
        language, month = MONTH_OF[name.lower()]
        date = self.moved(day, month + 1, year)
        if date is None:
            return None
        style = self.style if language in ("en", "short") else None
        written = like(name, MONTHS[language][date.month - 1])
        if style is None:
            text = order(date.day, written) + (f" {date.year}" if year else "")
        else:
            full, short = MONTHS["en"][date.month - 1], MONTHS["short"][date.month - 1]
            text = {
                "d M": f"{date.day} {full}", "M d": f"{full} {date.day}", "dth M": f"{ordinal(date.day)} {full}",
                "d m": f"{date.day} {short}", "d/n": f"{date.day}/{date.month}", "d.n.": f"{date.day}.{date.month}.",
                "the dth of M": f"{ordinal(date.day)} of {full}", "d M y": f"{date.day} {full} {date.year}",
            }[style]
        return text

    def day_month(self, match):
        return self.named(match, match[1], match[3], match[4], lambda day, name: f"{day}{match[2] or ' '}{name}")

    def month_day(self, match):
        return self.named(match, match[2], match[1], match[3], lambda day, name: f"{name} {day}")

    def numeric(self, match):
        if match[0] == "24/7":
            return None
        # 12.5 is a number; 12.5. and 12/5 are dates.
        if match[2] == "." and not match[0].rstrip().endswith(".") and not match[4]:
            return None
        year = match[4]
        date = self.moved(match[1], match[3], year if year and len(year) == 4 else None)
        if date is None:
            return None
        tail = match[2] if match[0].endswith(match[2]) else ""
        return f"{date.day}{match[2]}{date.month}" + (f"{match[2]}{str(date.year)[-len(year):]}" if year else tail)

    def month(self, match):
        language, month = MONTH_OF[match[1].lower()]
        return like(match[1], MONTHS[language][(month + round(self.shift / 30)) % 12])

    def weekday(self, match):
        if match[1].lower() in ("sat", "sun", "wed", "mon") and not match[1][0].isupper():
            return None
        language, day = DAY_OF[match[1].lower()]
        return like(match[1], WEEKDAYS[language][(day + self.shift) % 7])

    def time(self, match):
        hour = int(match[1])
        if 9 <= hour <= 19:
            hour += self.hours
        return f"{hour:0{len(match[1])}}:{match[2]}" if hour else None

    def ordinal(self, match):
        day = int(match[1])
        return ordinal((day - 1 + self.shift) % 28 + 1)
