"""The kinds that the recogniser finds, as BIO tags, and how sources of gold text name them."""

KINDS = ("PERSON", "ORGANISATION", "LOCATION", "ADDRESS", "DATE_TIME", "AGE", "TITLE", "NATIONALITY")
TAGS = ("O",) + tuple(f"{part}-{kind}" for kind in KINDS for part in "BI")
INDEX = {tag: i for i, tag in enumerate(TAGS)}

# Names in gold files that mean one of our kinds. Kinds that are not listed are structured data
# (e-mails, numbers) that the server finds by pattern: to the recogniser they are O.
ALIASES = {
    "ORG": "ORGANISATION",
    "ORGANIZATION": "ORGANISATION",
    "LOC": "LOCATION",
    "PER": "PERSON",
    "DATE": "DATE_TIME",
    "DATE_OF_BIRTH": "DATE_TIME",
    "ZIP_CODE": "ADDRESS",
}


def kind_of(label: str) -> str | None:
    """Our kind for a gold label; None for one that we don't look for."""
    label = ALIASES.get(label, label)
    return label if label in KINDS else None


def may_follow(previous: int, tag: int) -> bool:
    """BIO: an I- tag stands only after B- or I- of its kind."""
    name = TAGS[tag]
    return not name.startswith("I-") or (previous != 0 and TAGS[previous][2:] == name[2:])
