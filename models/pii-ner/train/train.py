"""Trains the recogniser: `train.py --base DIR --real DIR --out DIR`; run again, it goes on from its last checkpoint."""

import argparse
import copy
import multiprocessing
import random
import signal
import threading
import time
from pathlib import Path

import torch

import batches
import real
from encode import load_tokenizer
from rows import Rows
from labels import TAGS
from model import from_base

# Weight of plain O in pieces that the gold leaves open: names in news are rarely dates or titles.
OPEN_AS_O = 0.15
ANY = (1 << len(TAGS)) - 1


# The learning rate of word vectors against that of the top layer.
ROW_SCALE = 0.8**6 * 1.5


def partial_loss(logits, sets, weights):
    """Minus the log of the probability that the allowed tags have together, mean over first pieces. Where every tag is
    allowed there is nothing to learn."""
    wanted = (weights > 0) & (sets != ANY)
    logits, sets = logits[wanted], sets[wanted]
    chances = logits.log_softmax(-1)
    table = (sets[..., None] >> torch.arange(len(TAGS))) & 1
    together = chances.masked_fill(table == 0, float("-inf")).logsumexp(-1)
    is_open = ((sets & 1) == 1) & (sets != 1)
    loss = -torch.where(is_open, (1 - OPEN_AS_O) * together + OPEN_AS_O * chances[..., 0], together)
    return loss.sum() / max(len(loss), 1)


def rate(done: float, warm: float = 0.02, decay: float = 0.35) -> float:
    """Share of the learning rate: linear warm-up, flat, linear decay to a fiftieth."""
    if done < warm:
        return done / warm
    return 1.0 if done < 1 - decay else max(0.02, (1 - done) / decay)


def groups_of(model, peak: float):
    """Lower layers move less; the fresh tag layer and case types more. No decay on norms and biases."""
    groups = []
    for name, parameter in model.named_parameters():
        if name == "token_embd.weight":
            continue
        if name.startswith(("cls_output", "token_types")):
            scale = 5.0
        elif name.startswith("blk."):
            scale = 0.8 ** (5 - int(name.split(".")[1]))
        else:
            scale = ROW_SCALE
        decay = 0.01 if parameter.dim() > 1 else 0.0
        groups.append({"params": [parameter], "lr": peak * scale, "peak": peak * scale, "weight_decay": decay})
    return groups


def examples(options, tokenizer, seed: int):
    """Real, negative and synthetic texts, mixed by share."""
    streams, shares = [], []
    gazetteers = None
    if options.negatives:
        import negatives

        gazetteers = negatives.gazetteers(options.negatives)
        streams.append(negatives.stream(options.negatives, tokenizer, seed + 3, gazetteers))
        shares.append(options.negative)
    if options.synthetic > 0:
        from generator import examples as synthetic

        streams.append(synthetic(tokenizer, seed))
        shares.append(options.synthetic)
    if options.real and sum(shares) < 1:
        streams.append(real.stream(options.real, tokenizer, seed + 1, gazetteers))
        shares.append(1 - sum(shares))
    return batches.mix(streams, shares, random.Random(seed + 2))


def prepared(options, tokenizer, step: int, queue):
    """Runs beside the training: fills the queue with batches (plain arrays: shared tensors need a file each)."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for batch in batches.batches(examples(options, tokenizer, options.seed + 1000 * step), options.batch, options.seed + step):
        queue.put([tensor.numpy() for tensor in batch])


def save(path: Path, **content):
    temporary = path.with_suffix(".tmp")
    torch.save(content, temporary)
    temporary.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2")
    parser.add_argument("--real", help="folder with the labelled sentences")
    parser.add_argument("--negatives", help="folder with the real texts without labels, of negatives.py")
    parser.add_argument("--negative", type=float, default=0.35, help="share of those")
    parser.add_argument("--out", required=True, help="folder for checkpoints")
    parser.add_argument("--synthetic", type=float, default=0.35, help="share of synthetic texts")
    parser.add_argument("--tokens", type=float, default=20e6, help="tokens to train on")
    parser.add_argument("--batch", type=int, default=4096, help="tokens in a batch")
    parser.add_argument("--peak", type=float, default=3e-4, help="learning rate of the top layer")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
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
    rows = Rows(master.token_embd.weight.data)
    step, seen, fresh, last = 0, 0, 30, out / "last.pt"
    if last.exists():
        state = torch.load(last)
        master.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        rows.load_state_dict(state["rows"])
        step, seen, fresh = state["step"], state["seen"], 0
        print(f"going on from step {step}", flush=True)
    elif options.start:
        master.load_state_dict(torch.load(options.start)["model"])
    # The working copy computes in bf16, the master keeps f32.
    worker = copy.deepcopy(master).bfloat16().train()
    pairs = [(m, w) for (name, m), w in zip(master.named_parameters(), worker.parameters()) if name != "token_embd.weight"]
    queue = multiprocessing.get_context("fork").Queue(8)
    feeder = multiprocessing.get_context("fork").Process(target=prepared, args=(options, tokenizer, step, queue), daemon=True)
    feeder.start()
    mean, began, begun_at, first = 0.0, time.time(), seen, step
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while not stop.is_set() and (not options.steps or step < options.steps):
        done = seen / options.tokens
        if options.minutes:
            done = max(done, (time.time() - began) / 60 / options.minutes)
        if done >= 1:
            break
        ids, cases, lengths, sets, weights = map(torch.from_numpy, queue.get())
        places, ids = ids.unique(return_inverse=True)
        vectors = master.token_embd.weight.data[places].bfloat16().requires_grad_()
        loss = partial_loss(worker(ids, cases, lengths, vectors), sets, weights)
        loss.backward()
        grads = [w.grad for _, w in pairs]
        norm = torch.stack([g.float().norm() for g in (*grads, vectors.grad)]).norm().item()
        scale = min(1.0, 1.0 / (norm + 1e-6))
        # A fresh optimiser is warmed up whatever the schedule says.
        share = min(rate(done), (step - first + 1) / fresh) if fresh else rate(done)
        for (mine, theirs), grad in zip(pairs, grads):
            mine.grad = grad.float().mul_(scale)
            theirs.grad = None
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * share
        optimiser.step()
        rows.step(places, vectors.grad.float().mul_(scale), options.peak * ROW_SCALE * share)
        with torch.no_grad():
            for mine, theirs in pairs:
                theirs.copy_(mine)
        step += 1
        seen += int(lengths.sum())
        mean = loss.item() if mean == 0 else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 0:
            speed, busy = (seen - begun_at) / (time.time() - began), (seen - begun_at) / time.process_time()
            print(f"step {step} tokens {seen} loss {mean:.4f} rate {share:.3f} tokens/s {speed:.0f}, of computing {busy:.0f}", flush=True)
        if step % options.every == 0:
            save(last, model=master.state_dict(), optimiser=optimiser.state_dict(), rows=rows.state_dict(), step=step, seen=seen)
            save(out / f"step-{step:06}.pt", model=master.state_dict(), step=step, seen=seen)
    feeder.kill()
    if not stop.is_set():
        save(out / "final.pt", model=master.state_dict(), step=step, seen=seen)
    save(last, model=master.state_dict(), optimiser=optimiser.state_dict(), rows=rows.state_dict(), step=step, seen=seen)


if __name__ == "__main__":
    main()
