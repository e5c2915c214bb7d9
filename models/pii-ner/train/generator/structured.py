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
