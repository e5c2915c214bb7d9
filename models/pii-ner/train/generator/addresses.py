"""Postal addresses in the conventions of fifteen countries, on one line or on several."""

import random

from . import names, places
from .structured import digits

COUNTRIES = {
    "en": ("GB", "GB", "US", "US", "IE", "CA", "AU"),
    "de": ("DE", "DE", "DE", "AT", "CH"),
    "fr": ("FR", "FR", "BE", "CHF", "CAF"),
    "es": ("ES",),
    "it": ("IT",),
    "nl": ("NL", "NL", "BEN"),
    "pl": ("PL",),
    "pt": ("PT", "BR"),
}
_LANG = {"GB": "en", "US": "en", "IE": "en", "CA": "en", "AU": "en", "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "BE": "fr", "CHF": "fr", "CAF": "fr", "ES": "es", "IT": "it", "NL": "nl", "BEN": "nl", "PL": "pl", "PT": "pt", "BR": "pt"}

_WORDS = {
    "en": "Oak Elm Maple Church Station High Mill Park Victoria Albert King's Queen's Rose Willow Birch Cedar Green Manor Bridge Castle River Hill Orchard Windsor Chestnut Lakeview Sunset Main Washington Franklin Lincoln 2nd 5th 42nd Harbour Meadow Primrose Abbey Grange North South".split(),
    "de": "Linden Bahnhof Haupt Schul Garten Kirch Berg Wald Wiesen Rosen Birken Eichen Ahorn Goethe Schiller Mozart Beethoven Park Ring Mühlen Dorf Schloss Brunnen Buchen Tannen Ulmen Feld Sonnen Markt Hafen Friedens Industrie Bismarck Kant Lessing Amsel Finken Kastanien Ufer".split(),
    "fr": "Victor Hugo|la République|la Gare|l'Église|Jean Jaurès|la Paix|Pasteur|Général de Gaulle|Lilas|Moulin|la Liberté|Voltaire|Émile Zola|la Mairie|Saint-Michel|Gambetta|Château|Écoles|Tilleuls|Fontaine|8 Mai 1945|la Poste|Carnot|Acacias|Marché|Docteur Roux".split("|"),
    "es": "Mayor|la Constitución|Real|Alcalá|Goya|la Paz|San Juan|Santa María|del Sol|Cervantes|Colón|Andalucía|la Libertad|Velázquez|Gran Vía|los Olivos|la Fuente|Serrano|Ramón y Cajal|las Flores|del Carmen|Castilla|Zurbano|Nueva|la Iglesia|San Antonio|Los Rosales|Gran Capitán|Santa Ana|Independencia|Reforma|San Martín|Doctor Fleming|Reyes Católicos|9 de Julio".split("|"),
    "it": "Roma|Garibaldi|Mazzini|Dante Alighieri|Verdi|Cavour|della Repubblica|Vittorio Emanuele II|San Francesco|dei Mille|Marconi|Manzoni|delle Rose|Matteotti|XX Settembre|IV Novembre|Nazionale|Trieste|Leopardi|del Corso|degli Ulivi|Santa Lucia|Gramsci|Puccini|della Libertà|San Marco|Giuseppe Verdi|Europa|Kennedy|del Popolo|Santa Croce|Torino|dei Pini".split("|"),
    "nl": "Dorps Kerk Molen School Stations Beuken Linden Eiken Kastanje Wilhelmina Juliana Emma Prins Hendrik Rembrandt Vermeer Vondel Singel Haven Markt Tulpen Rozen Heide Zonne Spoor Burgemeester Oranje Nassau Dijk Berken Merel Leeuwerik".split(),
    "pl": "Kwiatowa|Lipowa|Polna|Leśna|Słoneczna|Krótka|Długa|Szkolna|Ogrodowa|Mickiewicza|Słowackiego|Kościuszki|Sienkiewicza|3 Maja|Piłsudskiego|Jana Pawła II|Warszawska|Krakowska|Kolejowa|Brzozowa|Sportowa|Reymonta|Konopnickiej|Parkowa|Marszałkowska|Armii Krajowej|Chopina|Kopernika|11 Listopada".split("|"),
    "pt": "da Liberdade|das Flores|de Santa Catarina|Augusta|25 de Abril|do Comércio|da República|Almirante Reis|Luís de Camões|da Boavista|do Sol|Paulista|Sete de Setembro|XV de Novembro|São João|da Igreja|dos Combatentes|Direita|do Carmo|das Palmeiras|Vasco da Gama|Dom Pedro II|1º de Maio|5 de Outubro|da Saudade|de São Bento|dos Bombeiros|Marquês de Pombal|Getúlio Vargas|Brasil|das Acácias|da Fonte|Santos Dumont|de Ceuta|Infante Santo|João XXIII".split("|"),
}


def _street(rng, c: str) -> str:
    lang = _LANG[c]
    word = rng.choice(_WORDS[lang])
    person = names.pool(rng.choice(names.HOME[lang]))
    last = rng.choice(person["l"]).split(" ")[0]
    full = rng.choice(person["m"] + person["f"]) + " " + last
    if lang == "en":
        word = word if rng.random() < 0.6 else last
        kinds = {"US": "Street St Ave Avenue Blvd Road Rd Drive Dr Lane Court Way Pkwy Place Circle", "CA": "Street St Ave Avenue Road Crescent Drive", "AU": "Street St Road Rd Parade Avenue Court Terrace"}
        return f"{word} {rng.choice(kinds.get(c, 'Street St Road Rd Lane Avenue Close Gardens Terrace Crescent Way Drive Grove Place Hill Row Mews Square').split())}"
    if lang == "de":
        draw = rng.random()
        kind = rng.choice(("straße", "straße", "str.", "weg", "gasse", "allee", "platz", "strasse", "ring", "steig", "damm", "ufer"))
        if c == "CH":
            kind = kind.replace("ß", "ss")
        if draw < 0.6:
            return word + kind
        if draw < 0.72:
            return f"{full.replace(' ', '-')}-{kind.capitalize()}"
        if draw < 0.82:
            return f"{last}{kind}"
        if draw < 0.92:
            return f"{rng.choice(('Alte', 'Neue', 'Große', 'Kleine', 'Obere', 'Berliner', 'Hamburger', 'Münchner', 'Wiener', 'Lange'))} {kind.capitalize()}"
        return rng.choice(("Am ", "Im ", "An der ", "Auf dem ", "Zum ", "Unter den ", "In der ")) + rng.choice(("Bach", "Kirchberg", "Mühlbach", "Anger", "Linden", "Kamp", "Wasserturm", "Rosengarten", "alten Markt", "Aue"))
    if lang == "fr":
        kind = rng.choice(("rue", "rue", "rue", "Rue", "avenue", "av.", "boulevard", "bd", "place", "chemin", "impasse", "allée", "quai", "route", "Avenue", "chaussée"))
        return f"{kind} {rng.choice(('', '', 'de ', 'du ', 'des '))}{word if rng.random() < 0.7 else full}"
    if lang == "es":
        kind = rng.choice(("Calle", "Calle", "C/", "c/", "calle", "Avenida", "Avda.", "Av.", "Plaza", "Pza.", "Paseo", "Ronda", "Camino", "Travesía", "Carretera"))
        name = word if rng.random() < 0.65 else full
        before = ("", "de ") if name.startswith("la") else ("", "", "de ", "del ") if name[0].isupper() else ("",)
        return f"{kind} {rng.choice(before)}{name}"
    if lang == "it":
        kind = rng.choice(("Via", "Via", "via", "V.", "Viale", "viale", "Piazza", "P.zza", "Corso", "c.so", "Largo", "Vicolo", "Strada", "Località", "Lungarno"))
        return f"{kind} {word if rng.random() < 0.65 else full}"
    if lang == "nl":
        kind = rng.choice(("straat", "straat", "laan", "weg", "plein", "kade", "gracht", "dijk", "hof", "singel", "pad", "dreef", "steeg"))
        if rng.random() < 0.75:
            return word + kind
        return rng.choice((f"{full.split(' ')[0]} {last}{kind}", f"Van {last}{kind}", f"Prins {word}{kind}", f"Oude {word.capitalize()}{kind}", f"Laan van {last}"))
    if lang == "pl":
        kind = rng.choice(("ul. ", "ul. ", "ul. ", "al. ", "pl. ", "os. ", "", "ulica ", "Aleja "))
        return kind + (word if rng.random() < 0.75 else last)
    kind = rng.choice(("Rua", "Rua", "R.", "rua", "Avenida", "Av.", "Travessa", "Praça", "Largo", "Estrada", "Alameda", "Calçada", "Beco"))
    name = word if rng.random() < 0.65 else full
    return f"{kind} {rng.choice(('', '', 'da ', 'do ')) if name[0].isupper() else ''}{name}"


def _number(rng) -> str:
    return f"{rng.randint(1, 299)}" + (rng.choice("abcdAB") if rng.random() < 0.12 else "")


def street_line(rng, c: str) -> str:
    street, number = _street(rng, c), _number(rng)
    lang = _LANG[c]
    if lang == "en":
        head = rng.choice(("", "", "", f"Flat {rng.randint(1, 40)}, ", f"Apt {rng.randint(1, 400)}, ", f"Unit {rng.randint(1, 60)}/")) if c != "US" else ""
        tail = rng.choice(("", "", "", f" Apt {rng.randint(1, 90)}{rng.choice('ABC')}", f", Suite {rng.randint(100, 900)}", f" #{rng.randint(1, 99)}")) if c == "US" else ""
        return f"{head}{number} {street}{tail}"
    if lang == "fr":
        number += rng.choice(("", "", "", " bis", " ter"))
        if c == "BE":
            return f"{street} {number}"
        return f"{number}{rng.choice((' ', ', '))}{street}"
    if lang == "es":
        tail = rng.choice(("", "", f", {rng.randint(1, 9)}º {rng.choice('ABCD')}", f", {rng.randint(1, 9)}, {rng.randint(1, 4)}", f", piso {rng.randint(1, 9)}", f", bajo {rng.choice('AB')}", f" {rng.randint(1, 9)}º dcha.", f", {rng.choice(('primero', 'segundo', 'tercero', 'cuarto'))} {rng.choice(('izquierda', 'derecha'))}", f", portal {rng.randint(1, 9)}", f", escalera {rng.choice('AB')}, {rng.randint(1, 9)}.º {rng.randint(1, 4)}.ª", f", local {rng.randint(1, 9)}"))
        return street + rng.choice((", ", " ", " nº ", ", nº ", ", número ", " núm. ", " # ")) + number + tail if rng.random() < 0.96 else street + ", s/n"
    if lang == "it":
        return street + rng.choice((" ", ", ", " n. ", ", n. ", " n° ", " numero ")) + number + rng.choice(("", "", "", "/A", "/2", " int. 5", ", scala B", ", terzo piano", " bis", ", interno 12", f", {rng.randint(1, 8)}° piano"))
    if lang == "nl":
        return f"{street} {number}" + rng.choice(("", "", "", "-2", " hs", " bis", "-III", f" bus {rng.randint(1, 30)}" if c == "BEN" else "-a"))
    if lang == "pl":
        return f"{street} {number}" + rng.choice(("", "", f"/{rng.randint(1, 80)}", f" m. {rng.randint(1, 80)}"))
    if lang == "pt":
        tail = rng.choice(("", f", {rng.randint(1, 12)}º {rng.choice(('Esq', 'Dto', 'D', 'B'))}", f" {rng.randint(1, 9)}º andar", ", r/c", f", {rng.choice(('segundo', 'terceiro', 'quarto'))} {rng.choice(('esquerdo', 'direito'))}", f", lote {rng.randint(1, 40)}")) if c == "PT" else rng.choice(("", f", apto {rng.randint(1, 200)}", f" - ap. {rng.randint(1, 99)}", ", casa 2", f", bloco {rng.choice('ABC')}", f", sala {rng.randint(1, 1200)}"))
        return street + rng.choice((", ", " ", ", nº ", " n.º ", ", número ")) + number + tail
    if c == "AT":
        return f"{street} {number}" + rng.choice(("", "", f"/{rng.randint(1, 20)}", f"/{rng.randint(1, 9)}/{rng.randint(1, 40)}"))
    return f"{street} {number}"


def postcode(rng, c: str) -> str:
    letters = lambda n: "".join(rng.choice("ABCDEFGHJKLMNPRSTUWXYZ") for _ in range(n))
    if c == "GB":
        return f"{letters(rng.choice((1, 2)))}{rng.randint(1, 29)} {rng.randint(1, 9)}{letters(2)}"
    if c == "IE":
        return f"{letters(1)}{digits(rng, 2)} {letters(1)}{digits(rng, 1)}{letters(2)}"
    if c in ("CA", "CAF"):
        return f"{letters(1)}{digits(rng, 1)}{letters(1)} {digits(rng, 1)}{letters(1)}{digits(rng, 1)}"
    if c == "NL":
        return f"{rng.randint(1000, 9999)}{rng.choice((' ', ' ', ''))}{letters(2)}"
    if c == "PL":
        return f"{digits(rng, 2)}-{digits(rng, 3)}"
    if c == "PT":
        return f"{rng.randint(1000, 9999)}-{digits(rng, 3)}"
    if c == "BR":
        return f"{digits(rng, 5)}-{digits(rng, 3)}"
    if c == "AU":
        return str(rng.randint(2000, 7999))
    if c in ("AT", "CH", "CHF", "BE", "BEN"):
        return rng.choice(("", "", "", {"AT": "A-", "CH": "CH-", "CHF": "CH-", "BE": "B-", "BEN": "B-"}[c])) + str(rng.randint(1000, 9999))
    if c == "US":
        return digits(rng, 5) + (f"-{digits(rng, 4)}" if rng.random() < 0.1 else "")
    return ("D-" if c == "DE" and rng.random() < 0.05 else "") + digits(rng, 5)


_STATES = {"US": "NY CA TX OH FL WA IL MA CO GA PA".split(), "CA": "ON BC QC AB NS".split(), "AU": "NSW VIC QLD WA SA".split(), "BR": "SP RJ MG BA PR RS".split(), "IT": "MI RM TO NA FI BO VE BA".split()}


def city_line(rng, c: str) -> str:
    code, town = postcode(rng, c), places.city_of(rng, {"CHF": "CH", "CAF": "CA", "BEN": "BE"}.get(c, c))
    if c in ("GB", "IE"):
        return rng.choice((f"{town} {code}", f"{town}, {code}", f"{town}, Co. {places.city_of(rng, c)}, {code}" if c == "IE" else f"{town} {code}"))
    if c == "US":
        return f"{town}, {rng.choice(_STATES[c])} {code}"
    if c in ("CA", "CAF", "AU"):
        return f"{town}{rng.choice((' ', ', '))}{rng.choice(_STATES[c.removesuffix('F')])} {code}"
    if c == "IT":
        return f"{code} {town}" + rng.choice(("", f" ({rng.choice(_STATES[c])})", f" {rng.choice(_STATES[c])}"))
    if c == "BR":
        return rng.choice((f"{town} - {rng.choice(_STATES[c])}, {code}", f"{town}/{rng.choice(_STATES[c])}, CEP {code}", f"{code} {town}"))
    if c == "ES":
        return rng.choice((f"{code} {town}", f"{code} {town}", f"{code} {town} ({places.city_of(rng, c)})"))
    return f"{code} {town}"


def pick(rng, lang: str) -> str:
    return rng.choice(COUNTRIES[lang]) if rng.random() < 0.9 else rng.choice(sorted(_LANG))


def one_line(rng, lang: str) -> str:
    c = pick(rng, lang)
    text = street_line(rng, c) + rng.choice((", ", ", ", ", ", " ", " - ", "; ")) + city_line(rng, c)
    if rng.random() < 0.08:
        text += ", " + places.country(rng, lang)
    return text


def lines(rng, lang: str) -> str:
    c = pick(rng, lang)
    return street_line(rng, c) + "\n" + city_line(rng, c)


def street_only(rng, lang: str) -> str:
    return street_line(rng, pick(rng, lang))


def street_name(rng, lang: str) -> str:
    return _street(rng, pick(rng, lang))


def code_and_city(rng, lang: str) -> str:
    return city_line(rng, pick(rng, lang))


def code_only(rng, lang: str) -> str:
    return postcode(rng, pick(rng, lang))
