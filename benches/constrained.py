"""What holding an answer to a form costs: tokens per second of our server, free and constrained, one request at a time.

usage: constrained.py [--rounds 3] [--requests 6] [--tokens 160] [--threads 2]

The records are those of peers/serve.py. `free` writes what it likes; `schema` fills a JSON schema of strings, a number,
an enum and a list; `forced` one whose answer is mostly known beforehand; `quote` is the use case `case-summary`, which
quotes its record. Placeholders are held in all of them. Each round runs all four in turns; a ratio is the median over
the rounds. Time counts from the first token to the end.
Needs: cargo build --release.
"""
import argparse
import http.client
import json
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
import serve

FILLED = {
    "summary": {"type": "string", "minLength": 150},
    "priority": {"enum": ["low", "medium", "high"]},
    "amount": {"type": "number"},
    "next_steps": {"type": "array", "items": {"type": "string", "minLength": 30}, "minItems": 3, "maxItems": 3},
}
STATED = {"enum": ["not stated in the record", "stated in the record"]}
FORCED = {
    name: STATED
    for name in ("customer_wishes_replacement", "customer_wishes_refund", "shop_has_answered", "warranty_is_over")
}


def schema(properties):
    """A response format that demands all of `properties`."""
    own = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": own}}}


def bodies(options):
    """By name: what makes the request of number `at`."""
    texts = serve.records()
    lines = (serve.ROOT / "tests/eval/cases.jsonl").read_text().splitlines()
    cases = [case for case in map(json.loads, lines) if case["use_case"] == "case-summary"]
    rest = {"model": "default", "max_tokens": options.tokens, "stream": True, "stream_options": {"include_usage": True}}

    def free(at):
        user = {"role": "user", "content": texts[at % len(texts)]}
        return {**rest, "seed": at, "messages": [{"role": "system", "content": serve.SYSTEM}, user]}

    def quote(at):
        own = {"use_case": "case-summary", "variables": cases[at % len(cases)]["variables"]}
        return {**rest, "seed": at, "messages": [], "bailiwick": own}

    return {
        "free": free,
        "schema": lambda at: {**free(at), **schema(FILLED)},
        "forced": lambda at: {**free(at), **schema(FORCED)},
        "quote": quote,
    }


def ask(port, key, body):
    """The answer's tokens, and the seconds from its first one to its end."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    assert response.status == 200, response.read()
    first, tokens = None, 0
    for line in response:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if first is None and any(choice["delta"].get("content") for choice in event["choices"]):
            first = time.perf_counter()
        if event.get("usage"):
            tokens = event["usage"]["completion_tokens"]
    seconds = time.perf_counter() - first
    connection.close()
    return tokens, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=160)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    rates = {}
    with serve.ours(options) as (port, key):
        for _ in range(options.rounds):
            for name, body in bodies(options).items():
                answers = [ask(port, key, body(at)) for at in range(options.requests)]
                rates.setdefault(name, []).append(sum(n for n, _ in answers) / sum(s for _, s in answers))
    print("| answer | tokens/s | to free (least, most) |\n|---|---:|---:|")
    for name, own in rates.items():
        ratios = [rate / free for rate, free in zip(own, rates["free"])]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}, {max(ratios):.2f})"
        print(f"| {name} | {statistics.median(own):.0f} | {spread} |")


if __name__ == "__main__":
    main()
