"""Trains the recogniser: `train.py --base DIR --real DIR --out DIR`; run again, it goes on from its last checkpoint."""

import argparse
import copy
import random
import signal
import threading
import time
from pathlib import Path

import torch

import batches
import real
from encode import load_tokenizer
from labels import TAGS
from model import from_base

# Weight of plain O in pieces that the gold leaves open: names in news are rarely dates or titles.
OPEN_AS_O = 0.15


def partial_loss(logits, sets, weights):
    """Minus the log of the probability that the allowed tags have together, mean over first pieces."""
    chances = logits.log_softmax(-1)
    table = (sets[..., None] >> torch.arange(len(TAGS))) & 1
    together = chances.masked_fill(table == 0, float("-inf")).masked_fill((sets == 0)[..., None], 0.0).logsumexp(-1)
    plain = chances[..., 0]
    is_open = ((sets & 1) == 1) & (sets != 1)
    loss = -torch.where(is_open, (1 - OPEN_AS_O) * together + OPEN_AS_O * plain, together)
    return (loss * weights).sum() / weights.sum().clamp(min=1)


def rate(done: float, warm: float = 0.02, decay: float = 0.35) -> float:
    """Share of the learning rate: linear warm-up, flat, linear decay to a fiftieth."""
    if done < warm:
        return done / warm
    return 1.0 if done < 1 - decay else max(0.02, (1 - done) / decay)


def groups_of(model, peak: float):
    """Lower layers move less; the fresh tag layer and case types more. No decay on norms and biases."""
    groups = []
    for name, parameter in model.named_parameters():
        if name.startswith(("cls_output", "token_types")):
            scale = 5.0
        elif name.startswith("blk."):
            scale = 0.8 ** (5 - int(name.split(".")[1]))
        else:
            scale = 0.8**6 * 1.5
        decay = 0.01 if parameter.dim() > 1 else 0.0
        groups.append({"params": [parameter], "lr": peak * scale, "peak": peak * scale, "weight_decay": decay})
    return groups


def examples(options, tokenizer, seed: int):
    """Real and synthetic texts, mixed by share."""
    closed = None
    streams, shares = [], []
    if options.synthetic > 0:
        from generator import closed_words, examples as synthetic

        closed = closed_words()
        streams.append(synthetic(tokenizer, seed))
        shares.append(options.synthetic)
    if options.real and options.synthetic < 1:
        streams.append(real.stream(options.real, tokenizer, seed + 1, closed))
        shares.append(1 - options.synthetic)
    return batches.mix(streams, shares, random.Random(seed + 2))


def save(path: Path, **content):
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2")
    parser.add_argument("--real", help="folder with the labelled sentences")
    parser.add_argument("--out", required=True, help="folder for checkpoints")
    parser.add_argument("--synthetic", type=float, default=0.65, help="share of synthetic texts")
    parser.add_argument("--tokens", type=float, default=20e6, help="tokens to train on")
    parser.add_argument("--batch", type=int, default=1536, help="tokens in a batch")
    parser.add_argument("--peak", type=float, default=3e-4, help="learning rate of the top layer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=200, help="steps between checkpoints")
    parser.add_argument("--minutes", type=float, default=0, help="end in so many minutes if the tokens take longer (0: by tokens alone)")
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps (0: by --tokens)")
    parser.add_argument("--start", help="weights to start from (a checkpoint of another run)")
    parser.add_argument("--seed", type=int, default=17)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)

    tokenizer = load_tokenizer(f"{options.base}/tokenizer.json")
    master = from_base(f"{options.base}/model.safetensors", seed=options.seed)
    optimiser = torch.optim.AdamW(groups_of(master, options.peak), betas=(0.9, 0.98), fused=True)
    step, seen, last = 0, 0, out / "last.pt"
    if last.exists():
        state = torch.load(last)
        master.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, seen = state["step"], state["seen"]
        print(f"going on from step {step}", flush=True)
    elif options.start:
        master.load_state_dict(torch.load(options.start)["model"])
    # The working copy computes in bf16, the master keeps f32.
    worker = copy.deepcopy(master).bfloat16().train()
    stream = batches.batches(examples(options, tokenizer, options.seed + 1000 * step), options.batch, options.seed + step)
    mean, began, begun_at, first = 0.0, time.time(), seen, step
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.is_set() and (not options.steps or step < options.steps):
        done = seen / options.tokens
        if options.minutes:
            done = max(done, (time.time() - began) / 60 / options.minutes)
        if done >= 1:
            break
        ids, cases, lengths, sets, weights = next(stream)
        loss = partial_loss(worker(ids, cases, lengths), sets, weights)
        loss.backward()
        for mine, theirs in zip(master.parameters(), worker.parameters()):
            mine.grad = theirs.grad.float()
            theirs.grad = None
        torch.nn.utils.clip_grad_norm_(master.parameters(), 1.0)
        # A fresh optimiser is warmed up whatever the schedule says.
        share = min(rate(done), (step - first + 1) / 30)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * share
        optimiser.step()
        with torch.no_grad():
            for mine, theirs in zip(master.parameters(), worker.parameters()):
                theirs.copy_(mine)
        step += 1
        seen += int(lengths.sum())
        mean = loss.item() if mean == 0 else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 0:
            speed = (seen - begun_at) / (time.time() - began)
            print(f"step {step} tokens {seen} loss {mean:.4f} rate {share:.3f} tokens/s {speed:.0f}", flush=True)
        if step % options.every == 0:
            save(last, model=master.state_dict(), optimiser=optimiser.state_dict(), step=step, seen=seen)
            save(out / f"step-{step:06}.pt", model=master.state_dict(), step=step, seen=seen)
    if not stop.is_set():
        save(out / "final.pt", model=master.state_dict(), step=step, seen=seen)
    save(last, model=master.state_dict(), optimiser=optimiser.state_dict(), step=step, seen=seen)


if __name__ == "__main__":
    main()
