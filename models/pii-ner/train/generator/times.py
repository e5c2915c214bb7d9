"""Dates, clock times, days and ages in the writings of each language (names of months and days from CLDR by Babel)."""

import random
import re

from babel import Locale

_LOCALES = {lang: Locale(lang) for lang in ("en", "de", "fr", "es", "it", "nl", "pl", "pt")}
MONTHS = {k: [v.months["format"]["wide"][i] for i in range(1, 13)] for k, v in _LOCALES.items()}
MONTHS_ALONE = {k: [v.months["stand-alone"]["wide"][i] for i in range(1, 13)] for k, v in _LOCALES.items()}
SHORT = {k: [v.months["format"]["abbreviated"][i] for i in range(1, 13)] for k, v in _LOCALES.items()}
DAYS = {k: [v.days["format"]["wide"][i] for i in range(7)] for k, v in _LOCALES.items()}
DAYS_SHORT = {k: [v.days["format"]["abbreviated"][i] for i in range(7)] for k, v in _LOCALES.items()}

RELATIVE = {
    "en": "today|tomorrow|yesterday|tonight|this morning|last night|next week|last Friday|this afternoon|tomorrow morning|the day after tomorrow|last week|next month|two days ago|three weeks ago|this weekend|end of March|early June|mid-October|yesterday evening|this Saturday|Monday morning|at noon|midnight|Christmas|New Year|Easter Monday|Boxing Day|last summer|Q3",
    "de": "heute|morgen|gestern|vorgestern|übermorgen|heute früh|gestern Abend|heute Nachmittag|morgen Vormittag|nächste Woche|letzte Woche|letzten Freitag|nächsten Montag|vor drei Tagen|vor zwei Wochen|Ende März|Anfang Juni|Mitte Oktober|nächstes Wochenende|kommenden Samstag|Montagmorgen|Freitagnachmittag|heute Mittag|Ostern|Weihnachten|Silvester|Pfingsten|Heiligabend|nächsten Monat|KW 32|Ende des Monats",
    "fr": "aujourd'hui|demain|hier|avant-hier|après-demain|ce matin|hier soir|cet après-midi|demain matin|semaine prochaine|semaine dernière|vendredi dernier|lundi prochain|il y a trois jours|il y a deux semaines|fin mars|début juin|mi-octobre|ce week-end|ce soir|Noël|Pâques|mois prochain|midi|minuit|lundi matin|fin du mois",
    "es": "hoy|mañana|ayer|anteayer|pasado mañana|esta mañana|ayer por la tarde|esta tarde|mañana por la mañana|semana que viene|semana pasada|viernes pasado|próximo lunes|hace tres días|hace dos semanas|finales de marzo|principios de junio|mediados de octubre|este fin de semana|anoche|Navidad|Semana Santa|Nochebuena|mes que viene|mediodía|lunes por la mañana",
    "it": "oggi|domani|ieri|altro ieri|dopodomani|stamattina|ieri sera|oggi pomeriggio|domani mattina|settimana prossima|settimana scorsa|venerdì scorso|lunedì prossimo|tre giorni fa|due settimane fa|fine marzo|inizio giugno|metà ottobre|fine settimana|stasera|Natale|Pasqua|Ferragosto|mese prossimo|mezzogiorno|lunedì mattina",
    "nl": "vandaag|morgen|gisteren|eergisteren|overmorgen|vanochtend|gisteravond|vanmiddag|morgenochtend|volgende week|vorige week|afgelopen vrijdag|komende maandag|drie dagen geleden|twee weken geleden|eind maart|begin juni|half oktober|dit weekend|vanavond|Kerst|Pasen|Koningsdag|volgende maand|maandagochtend|oudejaarsavond|tweede paasdag",
    "pl": "dzisiaj|dziś|jutro|wczoraj|przedwczoraj|pojutrze|dziś rano|wczoraj wieczorem|dzisiaj po południu|jutro rano|przyszłym tygodniu|zeszłym tygodniu|zeszły piątek|najbliższy poniedziałek|trzy dni temu|dwa tygodnie temu|koniec marca|początek czerwca|połowa października|weekend|dziś wieczorem|Wigilia|Wielkanoc|Sylwester|przyszłym miesiącu|południe|poniedziałek rano",
    "pt": "hoje|amanhã|ontem|anteontem|depois de amanhã|esta manhã|ontem à noite|hoje à tarde|amanhã de manhã|próxima semana|semana passada|sexta-feira passada|segunda|há três dias|há duas semanas|fim de março|início de junho|meados de outubro|fim de semana|hoje à noite|Natal|Páscoa|Carnaval|próximo mês|meio-dia|segunda de manhã",
}
RELATIVE = {k: v.split("|") for k, v in RELATIVE.items()}
# More of these, whose words are too common to say that something personal may stand there (`gazetteer.py` reads `RELATIVE`).
PHRASES = {
    "en": "last Tuesday|next Thursday|Wednesday evening|Sunday night|Friday afternoon|last year|last month|next year|a week ago|four months ago|in two weeks|in three days|mid-January|late August|end of May|1980s|Good Friday|spring 2024|tomorrow afternoon|the night before last|a year ago|this Monday|early morning",
    "es": "martes pasado|jueves por la tarde|sábado por la noche|miércoles a mediodía|domingo por la mañana|próximo viernes|miércoles que viene|lunes próximo|año pasado|mes pasado|año que viene|hace un mes|hace un año|hace cuatro años|hace una semana|dentro de dos semanas|dentro de tres días|en quince días|finales de mes|principios de año|primeros de septiembre|mediados de enero|verano de 2024|verano pasado|otoño|esta noche|esta semana|este lunes|este mes|ayer por la mañana|hoy a mediodía|mañana por la tarde|antes de ayer|medianoche|Nochevieja|Reyes|Viernes Santo|puente de mayo|años noventa|primer trimestre|fin de semana",
    "it": "martedì scorso|giovedì pomeriggio|sabato sera|mercoledì mattina|domenica mattina|venerdì prossimo|mercoledì prossimo|anno scorso|mese scorso|anno prossimo|un mese fa|un anno fa|quattro anni fa|una settimana fa|tra due settimane|fra tre giorni|tra quindici giorni|fine mese|inizio anno|primi di settembre|metà gennaio|fine agosto|estate 2024|estate scorsa|stanotte|questa sera|questa settimana|questo lunedì|questo mese|ieri mattina|ieri pomeriggio|ieri notte|oggi a mezzogiorno|domani pomeriggio|domani sera|l'altro ieri|mezzanotte|Capodanno|Epifania|Pasquetta|Vigilia di Natale|anni novanta|primo trimestre|weekend",
    "pt": "terça-feira passada|quinta à tarde|sábado à noite|quarta de manhã|domingo de manhã|próxima sexta|próxima sexta-feira|quarta que vem|segunda-feira que vem|ano passado|mês passado|ano que vem|próximo ano|há um mês|há um ano|há quatro anos|há uma semana|uma semana atrás|dois meses atrás|daqui a duas semanas|dentro de três dias|daqui a quinze dias|fim do mês|início do ano|começo de setembro|final de agosto|meados de janeiro|verão de 2024|verão passado|esta noite|esta semana|este mês|ontem de manhã|ontem à tarde|hoje de manhã|amanhã à tarde|amanhã à noite|antes de ontem|meia-noite|Ano Novo|véspera de Natal|Sexta-feira Santa|anos noventa|primeiro trimestre|semana que vem|mês que vem",
    "de": "letzten Dienstag|nächsten Donnerstag|Mittwochabend|Sonntagnacht|Dienstag früh|kommenden Freitag|vergangenen Montag|vorigen Samstag|letztes Jahr|nächstes Jahr|letzten Monat|vor einer Woche|vor vier Monaten|in zwei Wochen|in drei Tagen|Mitte Januar|Ende August|Anfang nächster Woche|Ende letzten Jahres|Freitag in einer Woche|Donnerstagmittag|morgen früh um acht|gestern gegen Mittag|heute um halb neun|diesen Donnerstag|Herbst 2022|Sommer 1998|Karfreitag|Ostermontag|Neujahr|Himmelfahrt|zweiter Weihnachtsfeiertag|erstes Quartal|KW 7|Mitte der Woche|diesen Sommer|vor Jahren im Mai",
    "fr": "mardi dernier|jeudi prochain|mercredi soir|dimanche soir|mardi matin|vendredi après-midi|lundi en huit|année dernière|an prochain|mois dernier|il y a une semaine|il y a quatre mois|dans deux semaines|dans trois jours|mi-janvier|fin août|début de semaine prochaine|fin de l'année dernière|jeudi midi|demain à huit heures|hier vers midi|ce jeudi|été 1998|automne 2022|Vendredi saint|lundi de Pâques|jour de l'An|Ascension|14 Juillet|premier trimestre|semaine 7|samedi en quinze|début de l'été|avant-hier soir",
    "nl": "afgelopen dinsdag|volgende donderdag|woensdagavond|zondagnacht|dinsdagochtend|aanstaande vrijdag|vorige maandag|zaterdag jl.|vorig jaar|volgend jaar|vorige maand|een week geleden|vier maanden geleden|over twee weken|over drie dagen|half januari|eind augustus|begin volgende week|eind vorig jaar|vrijdag over een week|donderdagmiddag|morgen om acht uur|gisteren rond de middag|aanstaande donderdag|najaar 2022|zomer 1998|Goede Vrijdag|paasmaandag|Nieuwjaar|Hemelvaart|tweede kerstdag|eerste kwartaal|week 7|halverwege de week|deze zomer|eergisteravond",
    "pl": "ubiegły wtorek|przyszły czwartek|środę wieczorem|niedzielę w nocy|wtorek rano|najbliższy piątek|zeszły poniedziałek|ubiegłą sobotę|zeszłym roku|przyszłym roku|zeszłym miesiącu|tydzień temu|cztery miesiące temu|za dwa tygodnie|za trzy dni|połowie stycznia|końcu sierpnia|początku przyszłego tygodnia|końcu zeszłego roku|piątek za tydzień|czwartek w południe|jutro o ósmej|wczoraj koło południa|ten czwartek|jesień 2022|latem 1998|Wielki Piątek|poniedziałek wielkanocny|Nowy Rok|Boże Ciało|Trzech Króli|pierwszy kwartał|majówka|połowie tygodnia|przedwczoraj wieczorem|rok temu",
}
PHRASES = {k: v.split("|") for k, v in PHRASES.items()}

NUMBERS = {
    "en": "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty".split() + ["eighteen", "seventy", "eighty", "twenty-two", "thirty-five", "forty-one", "fifty-eight", "sixty-seven", "seventy-four"],
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn zwanzig dreißig vierzig fünfzig sechzig".split(),
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze quinze vingt trente quarante cinquante soixante".split(),
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta cincuenta sesenta".split() + ["dieciocho", "veintidós", "setenta", "ochenta", "noventa", "treinta y cinco", "cuarenta y dos", "cincuenta y ocho", "sesenta y siete", "setenta y cuatro", "ochenta y un"],
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici quindici venti trenta quaranta cinquanta sessanta".split() + ["diciotto", "ventidue", "settanta", "ottanta", "novanta", "trentacinque", "quarantadue", "cinquantotto", "sessantasette", "settantaquattro", "ottantuno"],
    "nl": "twee drie vier vijf zes zeven acht negen tien elf twaalf vijftien twintig dertig veertig vijftig zestig".split(),
    "pl": "dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście piętnaście dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt".split(),
    "pt": "dois três quatro cinco seis sete oito nove dez onze doze quinze vinte trinta quarenta cinquenta sessenta".split() + ["dezoito", "vinte e dois", "setenta", "oitenta", "noventa", "trinta e cinco", "quarenta e dois", "cinquenta e oito", "sessenta e sete", "setenta e quatro", "oitenta e um"],
}


def year(rng) -> int:
    return rng.choice((rng.randint(1920, 2030), rng.randint(2015, 2027)))


def numeric(rng, lang: str) -> str:
    d, m, y = rng.randint(1, 28), rng.randint(1, 12), year(rng)
    two = rng.random() < 0.8
    day, month = (f"{d:02}", f"{m:02}") if two else (str(d), str(m))
    if lang == "en" and rng.random() < 0.4:
        day, month = month, day
    if rng.random() < 0.12:
        return f"{y}-{m:02}-{d:02}"
    separator = {"en": "//.-", "de": "....-", "fr": "///.", "es": "///-", "it": "///.", "nl": "---/", "pl": "...-", "pt": "///-"}[lang]
    separator = rng.choice(separator)
    draw = rng.random()
    if draw < 0.7:
        return f"{day}{separator}{month}{separator}{y}"
    if draw < 0.85:
        return f"{day}{separator}{month}{separator}{y % 100:02}"
    return f"{day}{separator}{month}" + ("." if separator == "." and lang == "de" else "")


def worded(rng, lang: str) -> str:
    d, m, y = rng.randint(1, 28), rng.randint(0, 11), year(rng)
    month = MONTHS[lang][m] if rng.random() < 0.72 else SHORT[lang][m]
    with_year = rng.random() < 0.5
    if lang == "en":
        ordinal = str(d) + ("th" if 10 < d < 20 else {1: "st", 2: "nd", 3: "rd"}.get(d % 10, "th"))
        text = rng.choice((f"{d} {month}", f"{ordinal} {month}", f"{month} {d}", f"{month} {ordinal}", f"{ordinal} of {month}"))
        return text + (f"{',' if text.startswith(month) else ''} {y}" if with_year else "")
    if lang == "de":
        return f"{d}. {month}" + (f" {y}" if with_year else "")
    if lang == "fr":
        return f"{'1er' if d == 1 else d} {month}" + (f" {y}" if with_year else "")
    if lang in ("es", "pt"):
        return f"{d} de {month}" + (rng.choice((" de ", " de ", " ")) + str(y) if with_year else "")
    if lang == "pl":
        return f"{d} {month}" + (f" {y}{rng.choice(('', ' r.', ' roku'))}" if with_year else "")
    return f"{d} {month}" + (f" {y}" if with_year else "")


def month(rng, lang: str) -> str:
    name = rng.choice(MONTHS_ALONE[lang])
    if lang in ("es", "pt") and rng.random() < 0.6:
        return f"{name} de {year(rng)}"
    return f"{name} {year(rng)}" if rng.random() < 0.6 else name


def clock(rng, lang: str) -> str:
    h, m = rng.randint(0, 23), rng.choice((0, 0, 10, 15, 20, 30, 45, rng.randint(0, 59)))
    plain = f"{h:02}:{m:02}" if rng.random() < 0.7 else f"{h}:{m:02}"
    draw = rng.random()
    if draw < 0.35:
        return plain
    h12 = rng.randint(1, 12)
    choices = {
        "en": (f"{h12} {rng.choice(('am', 'pm', 'a.m.', 'p.m.'))}", f"{h12}:{m:02}{rng.choice(('am', 'pm', ' PM', ' AM'))}", f"{h12}pm", f"half past {rng.choice(NUMBERS['en'][:11])}", f"{h12} o'clock", f"{h:02}:{m:02}h"),
        "de": (f"{h} Uhr", f"{plain} Uhr", f"{h}.{m:02} Uhr", f"{h} Uhr {m or 30}", f"halb {rng.choice(NUMBERS['de'][:11])}", f"{h}h", f"Viertel nach {rng.choice(NUMBERS['de'][:11])}"),
        "fr": (f"{h}h{m:02}", f"{h} h {m:02}", f"{h}h", f"{h} heures", f"{h} heures {m or 30}", f"{h} h"),
        "es": (f"las {h12}", f"{plain} h", f"las {h}:{m:02}", f"{h} horas", f"las {h12} de la tarde", f"las {h12} y media", f"{h}.{m:02} h", f"las {h12} menos cuarto", f"las {h12} y cuarto", f"las {h12} de la mañana", f"las {h12} de la noche"),
        "it": (f"ore {h}", f"ore {h}.{m:02}", f"{h}.{m:02}", f"ore {plain}", f"le {h12}", f"le {h12} e mezza", f"le {h12} e un quarto", f"le {h12} del pomeriggio", f"le {h12} di sera"),
        "nl": (f"{h} uur", f"{plain} uur", f"{h}.{m:02} uur", f"half {rng.choice(NUMBERS['nl'][:11])}", f"{h}u{m:02}", f"{h}u", f"kwart over {rng.choice(NUMBERS['nl'][:11])}"),
        "pl": (f"godz. {h}", f"godz. {plain}", f"{h}.{m:02}", f"godzina {h}", f"godzinie {plain}", f"{h}:{m:02}"),
        "pt": (f"{h}h", f"{h}h{m:02}", f"{h} horas", f"{plain}h", f"às {h}:{m:02}"[3:], f"{h12} da tarde", f"{h12} da manhã", f"{h12} e meia", f"{h12} horas da noite", f"{h:02}h{m:02}"),
    }
    return rng.choice(choices[lang])


def weekday(rng, lang: str) -> str:
    return rng.choice(DAYS[lang]) if rng.random() < 0.8 else rng.choice(DAYS_SHORT[lang])


_AT = {"en": (", ", " at ", " "), "de": (" um ", ", ", " "), "fr": (" à ", ", ", " "), "es": (" a ", ", ", " "), "it": (" alle ", ", ", " "),
       "nl": (" om ", ", ", " "), "pl": (" o ", ", ", " "), "pt": (" às ", ", ", " ")}
_ON = {"en": (" ", ", "), "de": (", ", ", den ", " "), "fr": (" ",), "es": (" ", ", "), "it": (" ", ", "), "nl": (" ", ", "), "pl": (", ", " "), "pt": (", ", " ")}


# Words of measure that stay outside a span in these languages.
_OUTSIDE = {
    "it": re.compile(r"^(?:ore|le) | ore$"),
    "nl": re.compile(r" uur$"),
    "pl": re.compile(r"^(?:godz\.|godzina|godzinie) "),
    "pt": re.compile(r" horas$"),
}
_ARTICLE = re.compile(r"^las ")


def bounds(text: str, lang: str) -> tuple[int, int]:
    """Where the span of a time lies in its text: articles, and in some languages the word for the hour, stay outside."""
    start, end = 0, len(text)
    for pattern in (_OUTSIDE.get(lang), _ARTICLE if lang == "es" else None):
        while pattern and (found := pattern.search(text[start:end])):
            if found.start() == 0:
                start += found.end()
            else:
                end = start + found.start()
    return start, end


def relative(rng, lang: str) -> str:
    return rng.choice(RELATIVE[lang] + PHRASES.get(lang, []))


def any_time(rng, lang: str) -> str:
    draw = rng.random()
    if draw < 0.28:
        return numeric(rng, lang)
    if draw < 0.48:
        return worded(rng, lang)
    if draw < 0.64:
        return relative(rng, lang)
    if draw < 0.74:
        return clock(rng, lang)
    if draw < 0.82:
        return weekday(rng, lang)
    if draw < 0.89:
        return weekday(rng, lang) + rng.choice(_ON[lang]) + worded(rng, lang)
    if draw < 0.94:
        return rng.choice((numeric, worded))(rng, lang) + rng.choice(_AT[lang]) + clock(rng, lang)
    if draw < 0.97:
        return month(rng, lang)
    return str(year(rng))


def stamp(rng, lang: str) -> str:
    d, m = rng.randint(1, 28), rng.randint(1, 12)
    h = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}"
    return rng.choice((f"2026-{m:02}-{d:02} {h}", f"2026-{m:02}-{d:02}T{h}:{rng.randint(0, 59):02}Z", f"{numeric(rng, lang)} {h}", f"{numeric(rng, lang)}, {h}", h, f"{h}:{rng.randint(0, 59):02}"))


_UNITS = {
    "en": ("{} years old", "{} years old", "{} years", "aged {}", "age {}", "{}-year-old", "{} months old", "{} yrs", "{}"),
    "de": ("{} Jahre alt", "{} Jahre", "{} Jahre", "{}-jährige", "{}-jährig", "{}jährige", "{} J.", "{} Monate", "{}"),
    "fr": ("{} ans", "{} ans", "{} ans", "{} mois", "{}"),
    "es": ("{} años", "{} años", "{} años", "{} meses", "{}"),
    "it": ("{} anni", "{} anni", "{} anni", "{} mesi", "{}"),
    "nl": ("{} jaar", "{} jaar oud", "{} jaar", "{}-jarige", "{} maanden", "{} jr", "{}"),
    "pl": ("{} lat", "{} lat", "lat {}", "{} lata", "{}-letnia", "{}-letni", "{} l.", "{}"),
    "pt": ("{} anos", "{} anos", "{} anos", "{} meses", "{}"),
}


def age(rng, lang: str, bare: bool = False) -> str:
    number = str(rng.randint(1, 99)) if rng.random() < 0.85 else rng.choice(NUMBERS[lang])
    if bare:
        return number
    shape = rng.choice(_UNITS[lang][:-1])
    return shape.format(number)
