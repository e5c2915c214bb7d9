"""Mixed, shuffled, padded batches for training."""

import random

import torch

from encode import CLS, PAD, SEP

MASK = 103


def vary_case(encoded, rng: random.Random) -> list[int]:
    """Letter case is all that the uncased model knows of capitals: now and then a text loses or gains them."""
    draw = rng.random()
    if draw < 0.07:
        return [0] * len(encoded)
    if draw < 0.12:
        return [2] * len(encoded)
    if draw < 0.14:
        return [1] * len(encoded)
    if draw < 0.17:
        return [0 if c == 1 and rng.random() < 0.5 else c for c in encoded.cases]
    return encoded.cases


def mix(streams, shares, rng: random.Random):
    """Draws from endless streams by share."""
    while True:
        yield next(rng.choices(streams, shares)[0])


def batches(examples, budget: int, seed: int, pool: int = 1500):
    """Batches of about `budget` padded tokens: (ids, cases, lengths, sets, weights). Like lengths go together."""
    rng = random.Random(seed)
    while True:
        chosen = sorted((next(examples) for _ in range(pool)), key=lambda e: len(e[0]) + rng.random() * 6)
        groups, group = [], []
        for example in chosen:
            if group and (len(group) + 1) * (len(example[0]) + 2) > budget:
                groups.append(group)
                group = []
            group.append(example)
        groups.append(group)
        rng.shuffle(groups)
        for group in groups:
            yield collate(group, rng)


def collate(group, rng: random.Random, masked: float = 0.03):
    width = max(len(e[0]) for e in group) + 2
    shape = (len(group), width)
    ids = torch.full(shape, PAD)
    cases = torch.zeros(shape, dtype=torch.long)
    sets = torch.zeros(shape, dtype=torch.long)
    weights = torch.zeros(shape)
    lengths = torch.zeros(len(group), dtype=torch.long)
    for row, (encoded, allowed) in enumerate(group):
        n = len(encoded)
        noisy = [MASK if rng.random() < masked else i for i in encoded.ids]
        ids[row, : n + 2] = torch.tensor([CLS, *noisy, SEP])
        cases[row, 1 : n + 1] = torch.tensor(vary_case(encoded, rng))
        sets[row, 1 : n + 1] = torch.tensor(allowed)
        weights[row, 1 : n + 1] = torch.tensor(encoded.first, dtype=torch.float)
        lengths[row] = n + 2
    return ids, cases, lengths, sets, weights
