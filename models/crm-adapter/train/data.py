"""What the program exported: prompts, right answers and the places where something else could have come."""

import json
import random
import re

import torch

# What a decision is about, for the reports. The export may say it; otherwise the text before it does.
KINDS = ("first sentence", "next sentence", "next or stop", "optional part", "word", "within")


class Example:
    def __init__(self, raw: dict, text_of=None, longest: int = 10**9):
        self.id, self.use_case = raw["id"], raw["use_case"]
        self.origin = re.sub(r"-v\d+$", "", self.id)
        self.prompt, self.answer = raw["prompt"], raw["answer"]
        self.tokens = (self.prompt + self.answer)[:-1]
        self.decisions = []
        for decision in raw["decisions"]:
            at, others = decision[0], [other for other in decision[1] if other != self.answer[decision[0]]]
            if others:
                kind = decision[2] if len(decision) > 2 else kind_of(self, at, others, text_of)
                self.decisions.append((at, others, kind))
        self.fits = len(self.tokens) <= longest

    def place(self, at: int) -> int:
        """Where in `tokens` the token before answer's token `at` stands."""
        return len(self.prompt) + at - 1


def kind_of(example: Example, at: int, others: list[int], text_of) -> str:
    """A guess from what stands before, and from whether a line or the answer could end here."""
    if text_of is None:
        return "within"
    before = text_of(example.answer[:at])
    choices = [text_of([token]) for token in (example.answer[at], *others)]
    # A bullet that all sentences begin with is no choice yet.
    started = re.sub(r"[*•–>-] ?$", "", before)
    if re.search(r"mood[^\n]*: ?$", before, re.I):
        return "word"
    if not started.strip() and not any(c.startswith("\n") for c in choices) and "\n" not in before:
        return "first sentence"
    if before.endswith("\n") or not before:
        return "optional part"
    if re.search(r"[:：]\s*\"?$", started):
        return "first sentence"
    if started.endswith(('" "', "\n")):
        return "next sentence"
    ends = any(c == "" or c.startswith(("\n", "<|")) for c in choices)
    return "next or stop" if ends and re.search(r"[.!?\"\w)]$", before) else "within"


def read(path: str, text_of=None, longest: int = 10**9) -> list[Example]:
    with open(path, encoding="utf-8") as file:
        examples = [Example(json.loads(line), text_of, longest) for line in file]
    return [e for e in examples if e.decisions and e.fits]


def texts(gguf_path: str):
    """A function from token ids to text, of the tokenizer in a GGUF file."""
    import gguf

    fields = gguf.GGUFReader(gguf_path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    # Byte-level BPE writes each byte as a printable letter.
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = plain + [256 + n for n in range(256 - len(plain))]
    values = plain + [b for b in range(256) if b not in plain]
    byte_of = {chr(letter): value for letter, value in zip(letters, values)}

    def text_of(ids) -> str:
        raw = bytes(byte_of.get(c, 63) for i in ids for c in tokens[i])
        return raw.decode("utf-8", "replace")

    return text_of


class Batch:
    """Examples of like length, padded at the end: what comes after does not change what comes before."""

    def __init__(self, examples: list[Example], rng: random.Random | None, forced: int):
        self.examples = examples
        length = max(len(e.tokens) for e in examples)
        self.tokens = torch.tensor([e.tokens + [0] * (length - len(e.tokens)) for e in examples])
        chosen, right, others, self.kinds = [], [], [], []
        for row, example in enumerate(examples):
            for at, alternatives, kind in example.decisions:
                chosen.append(row * length + example.place(at))
                right.append(example.answer[at])
                others.append(alternatives)
                self.kinds.append((example.use_case, kind))
        self.decisions = len(chosen)
        if rng is not None:
            # Some of the tokens that nothing else could have been, so that the model goes on speaking.
            for row, example in enumerate(examples):
                free = sorted(set(range(len(example.answer))) - {at for at, _, _ in example.decisions})
                for at in rng.sample(free, min(forced, len(free))):
                    chosen.append(row * length + example.place(at))
                    right.append(example.answer[at])
        self.chosen, self.right = torch.tensor(chosen), torch.tensor(right)
        widest = max(map(len, others)) + 1
        # The right one first; the row is filled up with it, and the mask leaves that out.
        self.options = torch.tensor([[r, *o] + [r] * (widest - 1 - len(o)) for r, o in zip(right, others)])
        self.open = torch.tensor([[True] * (len(o) + 1) + [False] * (widest - 1 - len(o)) for o in others])

    @property
    def size(self) -> int:
        return self.tokens.numel()

    def restricted(self, logits):
        """Logits of the decisions among what was possible, the right one first."""
        return logits[: self.decisions].gather(1, self.options).masked_fill(~self.open, float("-inf"))


def batches(examples: list[Example], tokens: int, rng: random.Random | None, forced: int = 0) -> list[Batch]:
    """The examples in batches of at most so many tokens, padding included."""
    found, own = [], []
    for example in sorted(examples, key=lambda e: (len(e.tokens), e.id)):
        if own and len(example.tokens) * (len(own) + 1) > tokens:
            found.append(Batch(own, rng, forced))
            own = []
        own.append(example)
    if own:
        found.append(Batch(own, rng, forced))
    return found


def steps(examples: list[Example], tokens: int, of_step: int, seed: int, forced: int, skip: int = 0):
    """Endless steps: lists of batches. Each epoch sees all examples in another order; `skip` steps are left out."""
    epoch = 0
    while True:
        rng = random.Random(f"{seed}:{epoch}")
        order = examples[:]
        rng.shuffle(order)
        size, own = 0, []
        for example in order:
            own.append(example)
            size += len(example.tokens)
            if size >= of_step:
                if skip:
                    skip -= 1
                else:
                    yield epoch, batches(own, tokens, random.Random(f"{seed}:{epoch}:{own[0].id}"), forced)
                size, own = 0, []
        epoch += 1
