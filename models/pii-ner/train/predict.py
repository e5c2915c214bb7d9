"""Runs the recogniser on texts as the server does: windows, biases, BIO Viterbi over words, spans."""

import numpy as np
import torch

from encode import CLS, OVERLAP, PAD, SEP, WINDOW, encode, owners, windows
from labels import TAGS, may_follow

_ALLOWED = np.array([[may_follow(a, b) for b in range(len(TAGS))] for a in range(len(TAGS))])
_STEP = np.where(_ALLOWED, 0.0, -1e9)
_START = np.array([0.0 if not tag.startswith("I-") else -1e9 for tag in TAGS])


def logits_of(model, tokenizer, texts: list[str], budget: int = 6000, window: int = WINDOW, overlap: int = OVERLAP):
    """For each text its pieces and their logits [pieces, tags] without bias."""
    encoded = [encode(tokenizer, text) for text in texts]
    jobs = []
    for index, one in enumerate(encoded):
        for start, end in windows(one, window, overlap):
            jobs.append((end - start, index, start, end))
    jobs.sort()
    found = [dict() for _ in texts]
    at = 0
    while at < len(jobs):
        last = at
        while last < len(jobs) and (last - at + 1) * (jobs[last][0] + 2) <= max(budget, jobs[at][0] + 2):
            last += 1
        group = jobs[at : max(last, at + 1)]
        at += len(group)
        width = group[-1][0] + 2
        ids = torch.full((len(group), width), PAD)
        cases = torch.zeros_like(ids)
        for row, (n, index, start, end) in enumerate(group):
            ids[row, : n + 2] = torch.tensor([CLS, *encoded[index].ids[start:end], SEP])
            cases[row, 1 : n + 1] = torch.tensor(encoded[index].cases[start:end], dtype=torch.long)
        lengths = torch.tensor([job[0] + 2 for job in group])
        with torch.no_grad():
            out = model(ids, cases, lengths).numpy()
        for row, (n, index, start, end) in enumerate(group):
            found[index][(start, end)] = out[row, 1 : n + 1]
    results = []
    for index, one in enumerate(encoded):
        ranges = windows(one, window, overlap)
        logits = np.zeros((len(one), len(TAGS)), dtype=np.float32)
        for i, owner in enumerate(owners(ranges, len(one))):
            start, end = ranges[owner]
            logits[i] = found[index][(start, end)][i - start]
        results.append((one, logits))
    return results


def viterbi(scores: np.ndarray) -> np.ndarray:
    """The best tag sequence that BIO allows, for scores [words, tags]."""
    best, back = scores[0] + _START, np.zeros(scores.shape, dtype=np.int64)
    for i in range(1, len(scores)):
        through = best[:, None] + _STEP
        back[i] = through.argmax(0)
        best = through.max(0) + scores[i]
    path = np.zeros(len(scores), dtype=np.int64)
    path[-1] = best.argmax()
    for i in range(len(scores) - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def decode(encoded, logits: np.ndarray, bias: np.ndarray) -> list[tuple[int, int, str, float]]:
    """Spans (start, end, kind, score). A word is labelled by its first piece; a score is the words' mean probability."""
    heads = [i for i, first in enumerate(encoded.first) if first]
    if not heads:
        return []
    scores = logits[heads] + bias
    # Where O leads everywhere the best path is plain.
    path = viterbi(scores) if (scores.argmax(-1) != 0).any() else np.zeros(len(heads), dtype=np.int64)
    exp = np.exp(scores - scores.max(-1, keepdims=True))
    chances = exp / exp.sum(-1, keepdims=True)
    spans, open_span = [], None
    for word, tag in enumerate(path):
        head = heads[word]
        following = heads[word + 1] if word + 1 < len(heads) else len(encoded)
        end = encoded.offsets[following - 1][1]
        name = TAGS[tag]
        if name.startswith("I-") and open_span:
            open_span[1] = end
            open_span[3].append(chances[word, tag])
        elif name == "O":
            open_span = None
        else:
            open_span = [encoded.offsets[head][0], end, name[2:], [chances[word, tag]]]
            spans.append(open_span)
    return [(s, e, k, float(np.mean(p))) for s, e, k, p in spans]
