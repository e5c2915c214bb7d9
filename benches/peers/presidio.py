"""Redaction beside Presidio, on texts that neither this project nor Presidio's recognisers were written for: what
presidio-evaluator's generator makes of its own templates, names, addresses and companies.

usage: presidio.py PROGRAM [--texts 1500] [--seed 42] [--keep FILE.jsonl]
PROGRAM is `bailiwick`. Presidio runs with all its predefined patterns, checks and context words and an empty spaCy
pipeline, as its language models come from a hub. Both find, and one measure counts: the share of marked spans that are
masked to the last letter or digit, spans found exactly under the right label, characters whatever the label, false alarms in
texts in which nothing is marked. Needs: pip install presidio-evaluator presidio-analyzer
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

# Their labels, in our words and in the analyser's.
LABELS = {
    "PERSON": ("PERSON", "PERSON"),
    "STREET_ADDRESS": ("ADDRESS", "LOCATION"),
    "GPE": ("LOCATION", "LOCATION"),
    "ORGANIZATION": ("ORGANISATION", "ORGANIZATION"),
    "PHONE_NUMBER": ("PHONE", "PHONE_NUMBER"),
    "CREDIT_CARD": ("CARD", "CREDIT_CARD"),
    "DATE_TIME": ("DATE_TIME", "DATE_TIME"),
    "AGE": ("AGE", "AGE"),
    "TITLE": ("TITLE", "TITLE"),
    "NRP": ("NATIONALITY", "NRP"),
    "EMAIL_ADDRESS": ("EMAIL", "EMAIL_ADDRESS"),
    "DOMAIN_NAME": ("URL", "URL"),
    "ZIP_CODE": ("POSTCODE", "LOCATION"),
    "IP_ADDRESS": ("IP_ADDRESS", "IP_ADDRESS"),
    "US_SSN": ("NATIONAL_ID", "US_SSN"),
    "IBAN_CODE": ("IBAN", "IBAN_CODE"),
    "US_DRIVER_LICENSE": ("DRIVING_LICENCE", "US_DRIVER_LICENSE"),
}
STRUCTURED = {"PHONE_NUMBER", "CREDIT_CARD", "EMAIL_ADDRESS", "DOMAIN_NAME", "IP_ADDRESS", "US_SSN", "IBAN_CODE"}


def texts(count, seed):
    """The generator's texts: (text, [(start, end, label)]). Its templates write a new line as two characters."""
    from presidio_evaluator.data_generator import PresidioSentenceFaker, presidio_templates_file_path

    templates = presidio_templates_file_path.read_text(encoding="utf-8", errors="replace").splitlines()
    faker = PresidioSentenceFaker(
        locale="en_US", lower_case_ratio=0.05, random_seed=seed, sentence_templates=[t.strip() for t in templates])
    made = []
    for sample in faker.generate_new_fake_sentences(count):
        text = getattr(sample, "fake", None) or sample.full_text
        cuts = [at for at in range(len(text)) if text.startswith("\\n", at)]

        def moved(place):
            return place - sum(1 for cut in cuts if cut + 1 < place)

        spans = [(moved(s.start_position), moved(s.end_position), s.entity_type) for s in sample.spans]
        made.append((text.replace("\\n", "\n"), spans))
    return made


def presidio(made):
    """What Presidio finds, by text, and the seconds it took."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine()
    engine.nlp = {"en": spacy.blank("en")}
    analyser = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    analyser.analyze("to load what is loaded late", language="en")
    start = time.perf_counter()
    found = [[(r.start, r.end, r.entity_type, r.score) for r in analyser.analyze(text, language="en")] for text, _ in made]
    took = time.perf_counter() - start
    # Of finds that overlap the surest counts, as its anonymiser does.
    return [without_overlaps(finds) for finds in found], took


def without_overlaps(finds):
    taken = []
    for start, end, label, _ in sorted(finds, key=lambda f: (-f[3], f[0] - f[1], f[0])):
        if all(end <= s or e <= start for s, e, _ in taken):
            taken.append((start, end, label))
    return taken


def measure(made, found, column):
    """The shares that the module's text names."""
    whole = gold = exact = finds = structured = structured_gold = structured_found = 0
    shared = gold_chars = found_chars = alarms = clean = 0
    ours = {pair[column]: label for label, pair in LABELS.items() if label in STRUCTURED}
    for (text, spans), own in zip(made, found):
        hidden = {at for start, end, _ in own for at in range(start, end)}
        marked = {at for start, end, _ in spans for at in range(start, end)}
        shared, gold_chars, found_chars = shared + len(hidden & marked), gold_chars + len(marked), found_chars + len(hidden)
        wanted = {(start, end, LABELS[label][column]) for start, end, label in spans}
        gold, finds, exact = gold + len(wanted), finds + len(own), exact + len(wanted & set(own))
        whole += sum(all(at in hidden for at in range(start, end) if text[at].isalnum()) for start, end, _ in spans)
        hard = {(start, end, LABELS[label][column]) for start, end, label in spans if label in STRUCTURED}
        structured, structured_gold = structured + len(hard & set(own)), structured_gold + len(hard)
        structured_found += sum(label in ours for _, _, label in own)
        if not spans:
            alarms, clean = alarms + len(own), clean + len(text)

    def f1(right, of, found):
        return 2 * right / max(1, of + found)

    return {
        "masked": whole / sum(len(spans) for _, spans in made),
        "exact_f1": f1(exact, gold, finds),
        "structured_exact_f1": f1(structured, structured_gold, structured_found),
        "character_f1": f1(shared, gold_chars, found_chars),
        "false_alarms_per_5000": 5000 * alarms / max(1, clean),
    }


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program", type=pathlib.Path)
    p.add_argument("--texts", type=int, default=1500)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--keep", type=pathlib.Path, help="write the texts there, for `bailiwick eval redaction --gold`")
    args = p.parse_args()
    made = texts(args.texts, args.seed)
    gold = args.keep or pathlib.Path(tempfile.mkstemp(suffix=".jsonl")[1])
    with gold.open("w", encoding="utf-8") as out:
        for text, spans in made:
            spans = [{"start": s, "end": e, "label": LABELS[label][0]} for s, e, label in spans]
            out.write(json.dumps({"text": text, "language": "en", "spans": spans}, ensure_ascii=False) + "\n")
    told = subprocess.run([args.program, "eval", "redaction", "--spans", "--gold", gold], check=True, stdout=subprocess.PIPE)
    lines = [json.loads(line) for line in told.stdout.splitlines()]
    own = [[(s["start"], s["end"], s["label"]) for s in line["spans"]] for line in lines]
    print(json.dumps({"texts": len(made), "spans": sum(len(s) for _, s in made)}))
    print(json.dumps({"program": "bailiwick", **measure(made, own, 0)}), flush=True)
    theirs, took = presidio(made)
    rate = sum(len(text) for text, _ in made) / took
    print(json.dumps({"program": "presidio", **measure(made, theirs, 1), "characters_per_second": round(rate)}))


if __name__ == "__main__":
    main()
