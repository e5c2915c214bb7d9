"""Trains on shares of the hand-written texts, equal numbers of steps: does variety help, or volume?

    learning_curve.py --model FILE.gguf --train train.jsonl --dev dev.jsonl --out DIR --steps 120

Further options go to train.py as they are. DIR/results.jsonl has one line a share; curves.py draws it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    for name in ("--model", "--train", "--dev", "--out"):
        parser.add_argument(name, required=True)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.125, 0.25, 0.5, 1.0])
    options, others = parser.parse_known_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for share in options.shares:
        folder = out / f"share-{share}"
        if not (folder / "final.pt").exists():
            command = [sys.executable, str(Path(__file__).with_name("train.py")), "--model", options.model, "--train", options.train, "--dev", options.dev]
            subprocess.run([*command, "--out", str(folder), "--texts", str(share), "--steps", str(options.steps), *others], check=True)
        log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        start = next(line for line in log if "texts" in line)
        last = [line for line in log if "dev" in line][-1]
        results.append({"share": share, "texts": start["texts"], "examples": start["examples"], "steps": last["step"], "dev": last["dev"]})
    (out / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in results))
    for line in results:
        print(f"{line['texts']} texts, {line['examples']} examples: right {line['dev']['accuracy']['all']:.3f}, loss {line['dev']['loss']:.4f}")


if __name__ == "__main__":
    main()
