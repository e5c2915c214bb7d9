"""Under a minute, without network: the generator, the encoder's bookkeeping, ten training steps, export and back.

    selftest.py [--tokenizer tokenizer.json]     without it a tokenizer of single characters serves
"""

import argparse
import random
import tempfile
from pathlib import Path

import numpy as np
import torch

import batches
import generator
from encode import encode, load_tokenizer, owners, tags_of, windows
from export import golden, read_gguf, write_gguf
from labels import INDEX, KINDS, TAGS, may_follow
from model import Recogniser
from predict import decode, viterbi
from train import partial_loss


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
        trained(tokenizer, tokenizer.get_vocab_size())
        exported(tokenizer, folder)
    print("all good")


if __name__ == "__main__":
    main()
