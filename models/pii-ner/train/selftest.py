"""Under a minute, without network: the generator, the encoder's bookkeeping, ten training steps, export and back.

    selftest.py [--tokenizer tokenizer.json]     without it a tokenizer of single characters serves
"""

import argparse
import contextlib
import random
import tempfile
from pathlib import Path

import numpy as np
import torch

import batches
import generator
import negatives
from encode import encode, load_tokenizer, owners, tags_of, windows
from evaluate import false_alarms
from export import golden, read_gguf, write_gguf
from gazetteer import Gazetteer
from labels import INDEX, KINDS, TAGS, may_follow
from model import Recogniser
from predict import decode, viterbi
from rows import Rows
from train import ANY, partial_loss


def check(name: str, good: bool):
    print(("ok    " if good else "FAIL  ") + name, flush=True)
    if not good:
        raise SystemExit(1)


def small_tokenizer(folder: Path):
    """A WordPiece tokenizer of single characters, for machines without the real one."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    letters = [chr(c) for c in range(33, 127)]
    vocab = {t: i for i, t in enumerate(["[PAD]", *[f"[unused{i}]" for i in range(99)], "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *["##" + c for c in letters]])}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return load_tokenizer(str(path))


def generated():
    rng, seen = random.Random(1), set()
    for lang in generator.languages():
        without = 0
        for _ in range(150):
            text, spans = generator.text(rng, lang, held=rng.random() < 0.2)
            last = 0
            for start, end, kind in spans:
                if not (last <= start < end <= len(text) and kind in KINDS and text[start:end] == text[start:end].strip()):
                    check(f"{lang}: span {start}..{end} of {text!r}", False)
                last = end
                seen.add(kind)
            if "{" in text and '{"' not in text or "<" in text and "@" not in text:
                check(f"{lang}: a slot is left in {text!r}", False)
            without += not spans
        check(f"{lang}: 150 texts, {without} without personal data", 15 < without < 80)
    check("every kind occurs", seen == set(KINDS))
    check("the same seed writes the same texts", generator.records(16, 4) == generator.records(16, 4))


def bookkeeping(tokenizer):
    text = "Dear MR McDonald, Anna-Maria lives at 12 Mill Lane. " * 40
    one = encode(tokenizer, text)
    ranges = windows(one)
    check("windows cover the text and start at words", ranges[0][0] == 0 and ranges[-1][1] == len(one) and all(one.first[s] for s, _ in ranges))
    check("windows fit", all(e - s <= 190 for s, e in ranges) and all(a[1] > b[0] for a, b in zip(ranges, ranges[1:])))
    check("each piece lies in its owner", all(ranges[o][0] <= i < ranges[o][1] for i, o in enumerate(owners(ranges, len(one)))))
    spans = [(5, 7, "TITLE"), (8, 16, "PERSON"), (18, 28, "PERSON")]
    logits = np.zeros((len(one), len(TAGS)), dtype=np.float32)
    for i, tag in enumerate(tags_of(one, spans)):
        logits[i, INDEX[tag]] = 9
    found = [s[:3] for s in decode(one, logits, np.zeros(len(TAGS)))]
    check("spans survive tags and decoding", found == spans)
    path = viterbi(np.random.default_rng(1).normal(size=(60, len(TAGS))))
    check("decoding keeps BIO", all(may_follow(a, b) for a, b in zip([0, *path], path)))


def around_real_text(tokenizer, folder: Path):
    """Catalogues and pages become texts; words of the lists stay open in them, all others are nothing."""
    root = folder / "root"
    page_path = root / "usr/share/help/de/gnome-help/a.page"
    page_path.parent.mkdir(parents=True)
    page_path.write_text("<page><title>Ordner anlegen</title><p>Wählen Sie <gui>Datei</gui> und dann Speichern.</p><p>mail@example.org</p></page>", encoding="utf-8")
    po_path = root / "usr/share/ledgersmb/locale/po/de.po"
    po_path.parent.mkdir(parents=True)
    po_path.write_text('msgid ""\nmsgstr "x"\n\nmsgid "Order %d"\nmsgstr "Bestell_ung %d prüfen"\n', encoding="utf-8")
    out = folder / "negatives"
    out.mkdir()
    with contextlib.redirect_stdout(None):
        negatives.collect(root, out)
    held = [r["text"] for r in negatives.read(str(out), "held")["de"]]
    check("pages become paragraphs, addresses stay out", held == ["Ordner anlegen", "Wählen Sie Datei und dann Speichern."])
    check("catalogues lose their marks", [r["text"] for r in negatives.read(str(out), "train")["de"]] == ["Bestellung 7 prüfen"])
    lists = Gazetteer("de", ["Der Punkt steht im Feld."] * 20)
    for text, expected in (
        ("Der Punkt steht im Feld 7.", []),
        ("Am 3. Mai kommt Anna Schmidt.", ["3. Mai", "Anna Schmidt"]),
        ("Seite 12 von 40, Stand 12.03.2024", ["12.03.2024"]),
    ):
        covered = {c for s, e in lists.open_spans(text) for c in range(s, e) if text[c].isalnum()}
        wanted = {text.index(words) + i for words in expected for i, c in enumerate(words) if c.isalnum()}
        check(f"open in {text!r}", covered == wanted)
    sets = lists.allowed("Der Punkt 7 Anna", encode(tokenizer, "Der Punkt 7 Anna"), [(10, 11, "O")])
    check("what is known to be nothing is O", sets[0] == 1 and sets[-1] == ANY)
    wrong = false_alarms(lists, [{"text": "Der Punkt, Anna"}], [[(4, 9, "PERSON", 0.9), (11, 15, "PERSON", 0.9)]])
    check("a false alarm is a mark on such a word", wrong["PERSON"] == 1)
    rng = random.Random(4)
    for lang in generator.languages():
        for _ in range(40):
            text, spans = generator.salted(rng, lang, "Eins, zwei. Drei")
            if "zwei" not in text or any(text[s:e] != text[s:e].strip() for s, e, _ in spans):
                check(f"{lang}: salted {text!r}", False)
    check("real text survives the salt", True)


def word_vectors():
    """Rows move as AdamW moves them when all of them are touched."""
    torch.manual_seed(3)
    table = torch.randn(5, 4)
    dense = torch.nn.Parameter(table.clone())
    optimiser, rows = torch.optim.AdamW([dense], lr=0.01, betas=(0.9, 0.98), weight_decay=0.0), Rows(table)
    for _ in range(3):
        dense.grad = torch.randn(5, 4)
        rows.step(torch.arange(5), dense.grad, 0.01)
        optimiser.step()
    check("touched word vectors move as in AdamW", torch.allclose(table, dense.data, atol=1e-5))


def trained(tokenizer, vocab: int):
    torch.manual_seed(1)
    model = Recogniser(vocab=vocab, width=96, inner=192, heads=12, blocks=2)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    stream = batches.batches(generator.examples(tokenizer, 3), 1024, 3, pool=200)
    losses = []
    for _ in range(10):
        ids, cases, lengths, sets, weights = next(stream)
        loss = partial_loss(model(ids, cases, lengths), sets, weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    check(f"ten steps: loss {losses[0]:.2f} to {losses[-1]:.2f}", losses[-1] < 0.8 * losses[0])


def exported(tokenizer, folder: Path):
    torch.manual_seed(2)
    model = Recogniser().eval()
    bias = np.linspace(-1, 1, len(TAGS)).astype(np.float32)
    write_gguf(model, bias, folder / "m.gguf")
    back, bias_back = read_gguf(str(folder / "m.gguf"))
    close = all(torch.allclose(a, b, atol=0.05) for a, b in zip(model.state_dict().values(), back.state_dict().values()))
    check("GGUF gives the weights and biases back", close and np.allclose(bias, bias_back))
    golden(folder / "golden.json", tokenizer, folder / "m.gguf")
    check("golden texts are written", (folder / "golden.json").stat().st_size > 1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", help="tokenizer.json of the model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer = load_tokenizer(options.tokenizer) if options.tokenizer else small_tokenizer(folder)
        generated()
        bookkeeping(tokenizer)
        around_real_text(tokenizer, folder)
        word_vectors()
        trained(tokenizer, tokenizer.get_vocab_size())
        exported(tokenizer, folder)
    print("all good")


if __name__ == "__main__":
    main()
