"""Our engine beside llama.cpp on the same file and the same cores, in turns, as a Markdown table.

usage: compare.py FILE.gguf [--peer-file OTHER.gguf] [--rounds 5] [--threads 2] [further options of both programs]
Each round runs one after the other, so that a busy machine slows both; the table has the medians of the
rounds and of the rounds' ratios. Needs: cargo build --release; pip install xllamacpp.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OURS = HERE.parent.parent / "target/release/bailiwick"


# llama.cpp's threads spin at barriers: where others use the cores too, they do far better when they wait.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", **os.environ}


def measure(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    lines = done.stdout.splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return {(row["work"], row["size"]): row["tokens_per_second"] for row in found}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file")
    p.add_argument("--peer-file")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--threads", default="2")
    args, more = p.parse_known_args()
    once = ["--rounds", "1", "--threads", args.threads, *more]
    ours, peers = [], []
    for number in range(args.rounds):
        ours.append(measure([OURS, "bench", "--json", "--file", args.file, *once]))
        peer = [sys.executable, HERE / "llama_cpp.py", args.peer_file or args.file]
        peers.append(measure([*peer, *once]))
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
    print("| work | Bailiwick | llama.cpp | ratio (least, most) |\n|---|---:|---:|---:|")
    for key in ours[0]:
        mine, theirs = [row[key] for row in ours], [row[key] for row in peers]
        ratios = [a / b for a, b in zip(mine, theirs)]
        name = f"{key[0]}, {key[1]} tokens" if key[0] == "prefill" else f"{key[0]}, batch {key[1]}"
        print(f"| {name} | {statistics.median(mine):.0f} | {statistics.median(theirs):.0f} | "
              f"{statistics.median(ratios):.1f} × ({min(ratios):.1f}, {max(ratios):.1f}) |")


if __name__ == "__main__":
    main()
