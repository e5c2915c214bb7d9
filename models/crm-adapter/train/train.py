"""Trains the adapter: `train.py --model FILE.gguf --train train.jsonl --dev dev.jsonl --out DIR`; run again, it goes on."""

import argparse
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F

import data
from compute import Lower, Merged
from model import Adapter, load


def losses(lower: Lower, batch: data.Batch):
    """Sums over a batch: minus log of the right choice among the possible ones, and of the right token among all."""
    logits = lower.merged.logits(batch.tokens, batch.chosen, lower.of(batch))
    restricted = batch.restricted(logits)
    choice = -restricted.log_softmax(-1)[:, 0].sum()
    return choice, F.cross_entropy(logits, batch.right, reduction="sum"), restricted.detach()


def gradients(lower: Lower, batch: data.Batch, decisions: int, places: int, weight: float):
    """A batch's part of a step's gradient, and what it says of the step."""
    torch.set_num_threads(1)
    choice, whole, restricted = losses(lower, batch)
    loss = choice / decisions + weight * whole / places
    found = torch.autograd.grad(loss, lower.merged.adapter.parameters())
    return found, choice.item(), whole.item(), (restricted.argmax(-1) == 0).sum().item()


@torch.no_grad()
def evaluate(lower: Lower, examples: list[data.Example], pool: ThreadPoolExecutor, tokens: int = 4096) -> dict:
    """Share of right decisions by kind and by use case, when all before was right; the mean loss; answers that are wholly right."""

    def one(batch):
        torch.set_num_threads(1)
        with torch.no_grad():
            logits = lower.merged.logits(batch.tokens, batch.chosen, lower.of(batch))
        restricted = batch.restricted(logits)
        return batch, (-restricted.log_softmax(-1)[:, 0]).tolist(), (restricted.argmax(-1) == 0).tolist()

    count, loss, right, whole = {}, 0.0, {}, 0
    for batch, own_loss, good in pool.map(one, data.batches(examples, tokens, None)):
        loss += sum(own_loss)
        at = 0
        for example in batch.examples:
            whole += all(good[at : at + len(example.decisions)])
            at += len(example.decisions)
        for (use_case, kind), is_right in zip(batch.kinds, good):
            for key in ("all", kind, use_case):
                count[key] = count.get(key, 0) + 1
                right[key] = right.get(key, 0) + is_right
    return {
        "loss": loss / count["all"], "answers": whole / len(examples),
        "accuracy": {key: right[key] / count[key] for key in sorted(count)}, "decisions": {key: count[key] for key in sorted(count)},
    }


def shown(result: dict) -> str:
    parts = [f"{key} {value:.3f} of {result['decisions'][key]}" for key, value in result["accuracy"].items()]
    return f"loss {result['loss']:.4f} wholly right {result['answers']:.3f}: " + ", ".join(parts)


def rate(done: float, step: int, warm: int) -> float:
    """Share of the learning rate: linear warm-up, then a cosine down to a fiftieth."""
    fall = 0.5 + 0.5 * float(torch.cos(torch.tensor(torch.pi * min(done, 1.0))))
    return min(1.0, (step + 1) / warm) * max(0.02, fall)


def save(path: Path, **content):
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def share_of(examples: list[data.Example], share: float, seed: int) -> list[data.Example]:
    """The examples of a share of the hand-written texts, for the learning curve: a smaller share lies within a larger one."""
    import random

    origins = sorted({e.origin for e in examples})
    random.Random(seed).shuffle(origins)
    kept = set(origins[: max(1, round(share * len(origins)))])
    return [e for e in examples if e.origin in kept]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the GGUF file that is served")
    parser.add_argument("--train", required=True, help="lines that the program exported")
    parser.add_argument("--dev", help="the same of records that are not trained on")
    parser.add_argument("--out", required=True, help="folder for checkpoints and the log")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32)
    parser.add_argument("--first-layer", type=int, default=0, help="layers before this one are left as they are")
    parser.add_argument("--peak", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--weight", type=float, default=0.05, help="of the loss over the whole vocabulary")
    parser.add_argument("--forced", type=int, default=6, help="forced tokens of an answer that this loss looks at as well")
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--batch", type=int, default=1536, help="tokens that are computed at once by a thread")
    parser.add_argument("--step", type=int, default=4096, help="tokens of a step of the optimiser")
    parser.add_argument("--warm", type=int, default=15, help="steps of warm-up")
    parser.add_argument("--longest", type=int, default=1536, help="longer examples are left out")
    parser.add_argument("--epochs", type=float, default=2.0, help="ends after so many passes over the examples")
    parser.add_argument("--steps", type=int, default=0, help="ends after so many steps, in place of --epochs")
    parser.add_argument("--minutes", type=float, default=0, help="ends in so many minutes if that is sooner; the learning rate knows")
    parser.add_argument("--texts", type=float, default=1.0, help="share of the hand-written texts to train on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=float, default=4, help="minutes between checkpoints, with a look at --dev")
    parser.add_argument("--look", type=int, default=24, help="dev examples that are looked at meanwhile; all of them at the end")
    parser.add_argument("--first-look", action="store_true", help="look at --dev before the first step: the model without adapter")
    parser.add_argument("--seed", type=int, default=17)
    return parser.parse_args()


def main():
    options = arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    base = load(options.model)
    text_of = data.texts(options.model)
    train = data.read(options.train, text_of, options.longest)
    if options.texts < 1:
        train = share_of(train, options.texts, options.seed)
    dev = data.read(options.dev, text_of, options.longest) if options.dev else []
    n_tokens = sum(len(e.tokens) for e in train)
    total = options.steps or max(1, round(options.epochs * n_tokens / options.step))
    n_texts, n_decisions = len({e.origin for e in train}), sum(len(e.decisions) for e in train)
    print(f"{len(train)} examples of {n_texts} texts, {n_tokens} tokens, {n_decisions} decisions; {total} steps at most", flush=True)

    adapter = Adapter(base.shape, options.rank, options.alpha, options.first_layer, options.seed)
    step, spent, last = 0, 0.0, out / "last.pt"
    state = torch.load(last) if last.exists() else None
    if state:
        adapter = Adapter.of(base.shape, state["adapter"])
        step, spent = state["step"], state["spent"]
        print(f"going on from step {step}", flush=True)
    merged = Merged(base, adapter)
    lower = Lower(merged)
    groups = [{"params": list(adapter.a.values())}, {"params": list(adapter.b.values())}]
    optimiser = torch.optim.AdamW(groups, lr=options.peak, betas=(0.9, 0.99), weight_decay=options.decay)
    if state:
        optimiser.load_state_dict(state["optimiser"])
    pool = ThreadPoolExecutor(options.threads)
    log = open(out / "log.jsonl", "a", encoding="utf-8")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def note(**what):
        log.write(json.dumps(what) + "\n")
        log.flush()

    def look(whole: bool):
        began = time.time()
        some = dev if whole else dev[:: max(1, len(dev) // options.look)]
        result = evaluate(lower, some, pool)
        note(step=step, **{"dev" if whole else "part_of_dev": result})
        print(f"step {step} {'dev' if whole else 'part of dev'} {shown(result)} ({time.time() - began:.0f} s)", flush=True)

    if not state:
        note(texts=n_texts, examples=len(train), options=vars(options))
    if dev and options.first_look and not state:
        look(whole=True)
    began, looked, seen, at_start = time.time(), time.time(), 0, spent
    sums = [0.0] * 5
    stream = data.steps(train, options.batch, options.step, options.seed, options.forced, skip=step)
    while step < total and not stop.is_set():
        spent = at_start + (time.time() - began) / 60
        done = step / total
        if options.minutes:
            done = max(done, spent / options.minutes)
        if done >= 1:
            break
        epoch, parts = next(stream)
        decisions, places = sum(b.decisions for b in parts), sum(len(b.right) for b in parts)
        # The longest first, so that the threads end together; the sum is in a fixed order.
        parts.sort(key=lambda b: -b.size)
        whole = None
        for found, choice, full, right in pool.map(lambda b: gradients(lower, b, decisions, places, options.weight), parts):
            whole = list(found) if whole is None else [a.add_(b) for a, b in zip(whole, found)]
            sums = [a + b for a, b in zip(sums, (choice, full, right, 0, 0))]
        for parameter, gradient in zip(adapter.parameters(), whole):
            parameter.grad = gradient
        torch.nn.utils.clip_grad_norm_(adapter.parameters(), 1.0)
        share = rate(done, step, options.warm)
        for group in optimiser.param_groups:
            group["lr"] = options.peak * share
        torch.set_num_threads(options.threads)
        optimiser.step()
        merged.refresh()
        step += 1
        sums[3] += decisions
        sums[4] += places
        seen += sum(len(e.tokens) for b in parts for e in b.examples)
        if step % 10 == 0:
            speed = seen / (time.time() - began)
            note(step=step, choice=sums[0] / sums[3], token=sums[1] / sums[4], accuracy=sums[2] / sums[3], rate=share, minutes=spent)
            print(
                f"step {step} epoch {epoch} choice {sums[0] / sums[3]:.4f} right {sums[2] / sums[3]:.3f} token {sums[1] / sums[4]:.4f} "
                f"rate {share:.3f} tokens/s {speed:.0f} minutes {spent:.1f}", flush=True,
            )
            sums = [0.0] * 5
        if time.time() - looked > options.every * 60:
            save(last, adapter=adapter.state(), optimiser=optimiser.state_dict(), step=step, spent=spent)
            save(out / f"step-{step:05}.pt", adapter=adapter.state(), step=step)
            if dev:
                look(whole=False)
            looked = time.time()
    save(last, adapter=adapter.state(), optimiser=optimiser.state_dict(), step=step, spent=spent)
    if not stop.is_set():
        save(out / "final.pt", adapter=adapter.state(), step=step)
        if dev:
            look(whole=True)


if __name__ == "__main__":
    main()
