"""Structured data that patterns find elsewhere: to the recogniser it is plain text, and it must not take it for names."""

import random
import string

PREFIX = {"en": "+44", "de": "+49", "fr": "+33", "es": "+34", "it": "+39", "nl": "+31", "pl": "+48", "pt": "+351"}
COUNTRY = {"en": "GB", "de": "DE", "fr": "FR", "es": "ES", "it": "IT", "nl": "NL", "pl": "PL", "pt": "PT"}
DOMAINS = ("example.com", "example.org", "mail.example.net", "posteo.example", "web-mail.example", "kontor.example", "shop.example")


def digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(n))


def grouped(rng: random.Random, sizes, separator=" ") -> str:
    return separator.join(digits(rng, n) for n in sizes)


def phone(rng, lang: str) -> str:
    start = rng.choice((PREFIX[lang] + " ", "0", "0", PREFIX[lang] + " (0)", "00" + PREFIX[lang][1:] + " "))
    shape = rng.choice(((3, 7), (2, 3, 2, 2), (3, 3, 3), (4, 6), (9,), (2, 2, 2, 2), (3, 4, 4), (1, 2, 2, 2, 2)))
    text = start + grouped(rng, shape, rng.choice((" ", " ", "-", "/", ".")))
    return text + (f"-{digits(rng, 2)}" if rng.random() < 0.1 else "")


def iban(rng, lang: str) -> str:
    body = COUNTRY[lang] + digits(rng, 2) + digits(rng, rng.choice((16, 18, 20, 22)))
    return " ".join(body[i : i + 4] for i in range(0, len(body), 4)) if rng.random() < 0.6 else body


def card(rng) -> str:
    return grouped(rng, (4, 4, 4, 4), rng.choice((" ", "-", "")))


def identifier(rng) -> str:
    shape = rng.choice(("AA-999999", "9999999", "AAA99999", "A-99-9999", "99/9999", "999999999", "AA99 AAA", "500999999999999AAA", "#99999", "99-99999-9", "AAAAA9999A", "99999999A"))
    return "".join(rng.choice(string.ascii_uppercase) if c == "A" else rng.choice(string.digits) if c == "9" else c for c in shape)


def code(rng) -> str:
    """Model and article numbers."""
    shape = rng.choice(("AA-999", "A99", "AAA 999A", "99-999-99", "AAAA-9999", "A9", "AA99-9A", "999.999.99", "9999/9", "AA 9999 Plus", "A999 Pro"))
    return "".join(rng.choice(string.ascii_uppercase) if c == "A" else rng.choice(string.digits) if c == "9" else c for c in shape)


def money(rng, lang: str) -> str:
    amount = f"{rng.randint(1, 2500)}"
    cents = digits(rng, 2)
    if lang == "en":
        return rng.choice((f"£{amount}.{cents}", f"${amount}", f"{amount}.{cents} EUR", f"€{amount}", f"USD {amount}.00"))
    if lang == "pl":
        return rng.choice((f"{amount},{cents} zł", f"{amount} zł", f"{amount} PLN"))
    if lang == "pt" and rng.random() < 0.5:
        return rng.choice((f"R$ {amount},{cents}", f"{amount},{cents} €"))
    return rng.choice((f"{amount},{cents} €", f"{amount} €", f"EUR {amount},{cents}", f"{amount} Euro", f"€ {amount},-"))


def email(rng, first: str, last: str) -> str:
    plain = lambda s: "".join(c for c in s.lower() if c.isascii() and c.isalnum()) or "info"
    first, last = plain(first), plain(last)
    local = rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}{digits(rng, 2)}", first, f"{first}_{last}", "info", "service", "kontakt"))
    return f"{local}@{rng.choice(DOMAINS)}"


def url(rng) -> str:
    return rng.choice(("https://", "www.", "http://")) + rng.choice(DOMAINS) + rng.choice(("", "/hilfe", "/login?id=" + digits(rng, 5), "/faq", "/p/" + digits(rng, 7)))


def ip(rng) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4))


def secret(rng) -> str:
    return "".join(rng.choice(string.ascii_letters + string.digits + "!#%_-") for _ in range(rng.randint(8, 24)))


def plate(rng) -> str:
    a = lambda n: "".join(rng.choice(string.ascii_uppercase) for _ in range(n))
    return rng.choice((f"{a(1)}-{a(2)} {digits(rng, 4)}", f"{a(2)}{digits(rng, 2)} {a(3)}", f"{a(2)}-{digits(rng, 3)}-{a(2)}", f"{digits(rng, 4)} {a(3)}", f"{a(2)} {digits(rng, 5)}"))


LABELS = (
    "IBAN|BIC|VAT|VAT no.|Tel|Tel.|Fax|Mob.|IMEI|MAC|S/N|SN|Ref.|No.|Nr.|PESEL|NIF|NIE|DNI|CPF|CNPJ|BSN|USt-IdNr.|Steuernr.|St.-Nr.|SIREN|SIRET|"
    "P.IVA|C.F.|KvK|BTW|NIP|REGON|KRS|NHS no.|NI number|SSN|Passport|IP|SKU|EAN|Artikelnr.|Kd.-Nr.|NIPC|Case|Ticket|Order|PIN|TAN|API key|Token|"
    "Password|Passwort|mot de passe|clave|hasło|wachtwoord|senha|User|Login|WhatsApp|GPS|BTC|Version|Build|HR B|RG|NISS|SVNR|AHV|numéro|número|numero|nummer|numer"
).split("|")


def _mac(rng, lang):
    return ":".join(f"{rng.randint(0, 255):02X}" for _ in range(6))


def _imei(rng, lang):
    return digits(rng, 15)


def _coordinates(rng, lang):
    return f"{rng.uniform(-60, 60):.5f}, {rng.uniform(-20, 40):.5f}"


def _wallet(rng, lang):
    return rng.choice(("1", "3", "bc1q", "0x")) + "".join(rng.choice("abcdefghjkmnpqrstuvwxyz0123456789ABCDEF") for _ in range(34))


def _tax(rng, lang):
    shape = rng.choice(("DE999999999", "ATU99999999", "FR99 999999999", "ESA99999999", "IT99999999999", "NL999999999B99", "PL9999999999", "PT999999999", "999-999-99-99", "99/999/99999",
                        "99999999A", "A9999999A", "AAAAAA99A99A999A", "999.999.999-99", "99.999.999/9999-99", "999 999 999", "9 99 99 99 999 999 99", "AA999999A", "999 999 9999", "756.9999.9999.99", "99999999999", "999-99-9999"))
    return "".join(rng.choice(string.ascii_uppercase) if c == "A" and i > 1 else rng.choice(string.digits) if c == "9" else c for i, c in enumerate(shape))


def _bic(rng, lang):
    return "".join(rng.choice(string.ascii_uppercase) for _ in range(4)) + COUNTRY[lang] + rng.choice(("FF", "2L", "MM")) + rng.choice(("", "XXX", digits(rng, 3)))


def _version(rng, lang):
    return f"{rng.randint(1, 12)}.{rng.randint(0, 30)}" + rng.choice(("", f".{rng.randint(0, 9)}", "-beta"))


def _user(rng, lang):
    return "".join(rng.choice("abcdefghijklmnoprstuvwz") for _ in range(rng.randint(4, 9))) + rng.choice(("", "_", ".")) + digits(rng, rng.randint(1, 4))


_PLAIN = (lambda rng, lang: identifier(rng), lambda rng, lang: card(rng), lambda rng, lang: ip(rng), lambda rng, lang: secret(rng), lambda rng, lang: plate(rng), lambda rng, lang: code(rng),
          lambda rng, lang: url(rng), lambda rng, lang: digits(rng, rng.randint(4, 14)))
_ANY = (phone, phone, phone, iban, iban, money, _mac, _imei, _coordinates, _wallet, _tax, _tax, _tax, _bic, _version, _user, *_PLAIN)


def anything(rng, lang: str) -> str:
    """Any structured value."""
    return rng.choice(_ANY)(rng, lang)


def labelled(rng, lang: str) -> str:
    """A value with what often stands in front of it."""
    return rng.choice(LABELS) + rng.choice((" ", " ", ": ", ": ", ":", " = ", "\t")) + anything(rng, lang)
