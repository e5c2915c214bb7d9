"""Writes varied records from hand-written ones: `multiply.py --texts DIR --train OUT.jsonl --dev OUT.jsonl`.

About a tenth of the hand-written records goes to --dev and nothing of it to --train, not a sentence.
"""

import argparse
import json
from pathlib import Path

from generator import is_dev, variants, with_tone


def read(folder: str) -> list[dict]:
    """The records of all files in a folder, by name of file."""
    return [json.loads(line) for path in sorted(Path(folder).glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def write(path: str, records) -> int:
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(with_tone(record), ensure_ascii=False) + "\n")
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", required=True, help="folder of .jsonl files of hand-written records")
    parser.add_argument("--train", required=True)
    parser.add_argument("--dev", required=True)
    parser.add_argument("--variants", type=int, default=3, help="varied records of each hand-written one, for training")
    parser.add_argument("--dev-variants", type=int, default=0, help="the same for --dev")
    parser.add_argument("--dev-share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    records = read(options.texts)
    names = [record["id"] for record in records]
    if len(set(names)) < len(names):
        raise SystemExit("two records have the same id")
    dev = [r for r in records if is_dev(r["id"], options.dev_share, options.seed)]
    train = [r for r in records if not is_dev(r["id"], options.dev_share, options.seed)]
    print(f"{len(train)} hand-written, {write(options.train, variants(train, options.variants, options.seed))} records: {options.train}")
    print(f"{len(dev)} hand-written, {write(options.dev, variants(dev, options.dev_variants, options.seed))} records: {options.dev}")


if __name__ == "__main__":
    main()
