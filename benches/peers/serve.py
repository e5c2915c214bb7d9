"""Our server beside llama.cpp's on the same file, cores and requests, in turns, as a Markdown table.

usage: serve.py FILE.gguf [--clients 8] [--requests 200] [--tokens 80] [--rounds 1] [--threads 2]

CRM work: a closed loop of clients asks for summaries of the records of tests/eval/cases.jsonl, streamed, with one
system prompt for all and no sampling settings, so each server's own defaults hold. Ours runs as it is shipped: it
masks and restores personal data, screens the answer and writes two durable audit entries for each. llama.cpp runs with
its prefix cache, as many slots as there are clients, once as it is and once with each of its speculations by n-grams;
its best one counts. A last part asks one client's long prompt: cold, and with most of it known.
Needs: cargo build --release; pip install xllamacpp (its llama.cpp has the server built in).
"""
import argparse
import contextlib
import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OURS = ROOT / "target/release/bailiwick"
SPECULATIONS = ["NONE", "NGRAM_SIMPLE", "NGRAM_MOD"]
SYSTEM = """You summarise customer service cases of a shop for the colleague who takes over. The colleague has half a
minute. Say in plain sentences what the customer bought and when, what is wrong with it, what the customer asks for, what
has been done about it so far and by whom, and what is to happen next and by when. Keep every number, date, amount, order
number and name exactly as the record has it. Placeholders in brackets, such as [PERSON_1], stand for personal data: copy
them as they are. Don't add anything that the record doesn't say, don't judge the customer, and don't promise anything.
Leave out greetings, signatures and small talk. If the record says nothing about one of these points, leave it out."""


def records():
    """What each case says, as text."""
    lines = (ROOT / "tests/eval/cases.jsonl").read_text().splitlines()
    texts = []
    for line in lines:
        for name, record in json.loads(line)["variables"].items():
            if isinstance(record, dict):
                own = "\n".join(f"{key}: {value}" for key, value in record.items() if isinstance(value, str))
                texts.append(f"Record ({name}):\n{own}\n\nSummarise it.")
    return texts


def run_llama(options):
    """Serves until standard input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options.file
    params.hostnames, params.port = ["127.0.0.1"], options.port
    params.n_parallel, params.n_ctx = options.clients, options.clients * 2048
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.use_jinja, params.cache_prompt, params.cont_batching = True, True, True
    if options.speculation != "NONE":
        kind = getattr(xllamacpp.common_speculative_type, f"COMMON_SPECULATIVE_TYPE_{options.speculation}")
        params.speculative.types = [kind]
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def llama(options, speculation):
    port = free_port()
    command = [sys.executable, __file__, options.file, "--port", str(port), "--speculation", speculation]
    command += ["--clients", str(options.clients), "--threads", str(options.threads)]
    # Threads that wait, not spin: where others use the cores too, llama.cpp does far better so.
    environment = {"OMP_WAIT_POLICY": "passive", **os.environ}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, **quiet)
    try:
        yield wait(port, None, child), None
    finally:
        child.kill()
        child.wait()


@contextlib.contextmanager
def ours(options):
    with tempfile.TemporaryDirectory() as folder:
        port, data = free_port(), pathlib.Path(folder) / "data"
        config = (ROOT / "src/config/demo.toml").read_text()
        for old, new in [
            ("requests_per_minute = 600", "requests_per_minute = 1000000"),
            ("# threads = 2               # default: the cores", f"threads = {options.threads} # the cores"),
        ]:
            assert old in config, old
            config = config.replace(old, new, 1)
        path = pathlib.Path(folder) / "node.toml"
        path.write_text(config)
        data.mkdir()
        create = [OURS, "keys", "create", "bench", "--role", "app", "--data-dir", data]
        key = subprocess.run(create, check=True, capture_output=True, text=True).stdout.split()[-1]
        serve = [OURS, "serve", "--config", path, "--data-dir", data, "--listen", f"127.0.0.1:{port}"]
        log = open(pathlib.Path(folder) / "log", "w")
        child = subprocess.Popen(serve, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield wait(port, key, child), key
        finally:
            child.terminate()
            child.wait()


def wait(port, key, child):
    """The port, once a first short answer came from it."""
    for _ in range(600):
        assert child.poll() is None, "the server ended"
        try:
            ask(port, key, [{"role": "user", "content": "Say hello."}], 4)
            return port
        except (OSError, AssertionError, http.client.HTTPException):
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def ask(port, key, messages, tokens):
    """Seconds to the first word and to the end, and the tokens of the answer."""
    body = {"model": "default", "messages": messages, "max_tokens": tokens, "stream": True,
            "stream_options": {"include_usage": True}}
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    began = time.perf_counter()
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    assert response.status == 200, response.read()
    first, count = None, 0
    for line in response:
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        if first is None and any(choice["delta"].get("content") for choice in event["choices"]):
            first = time.perf_counter() - began
        if event.get("usage"):
            count = event["usage"]["completion_tokens"]
    whole = time.perf_counter() - began
    connection.close()
    return first if first is not None else whole, whole, count


def load(port, key, options):
    """Requests and generated tokens a second, and the times to the first word."""
    texts = records()
    turns = iter(range(options.requests))
    lock, done = threading.Lock(), []

    def client():
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": texts[turn % len(texts)]}]
            one = ask(port, key, messages, options.tokens)
            with lock:
                done.append(one)

    began = time.perf_counter()
    threads = [threading.Thread(target=client) for _ in range(options.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    assert len(done) == options.requests, "requests failed"
    firsts = sorted(first for first, _, _ in done)
    at = lambda share: firsts[min(len(firsts) - 1, int(share * len(firsts)))]
    return {"requests/s": len(done) / took, "tokens/s": sum(count for _, _, count in done) / took,
            "first word, p50, s": at(0.5), "first word, p95, s": at(0.95)}


def first_words(port, key):
    """Seconds to the first word of a prompt of some thousand tokens: cold, and with the first four fifths known."""
    texts = records()
    cold, known = [], []
    for turn in range(3):
        shared = f"Shop {turn}. " + SYSTEM + "\n" + "\n".join(texts[7 * turn:])[:2900]
        for text, times in [("What is the first one about?", cold), ("Tell me about the second one. " + texts[60 + turn][:500], known)]:
            messages = [{"role": "system", "content": shared}, {"role": "user", "content": text}]
            times.append(ask(port, key, messages, 4)[0])
    return {"long prompt, cold, s": statistics.median(cold), "long prompt, mostly known, s": statistics.median(known)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file")
    p.add_argument("--clients", type=int, default=8)
    p.add_argument("--requests", type=int, default=200)
    p.add_argument("--tokens", type=int, default=80)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=1)
    p.add_argument("--port", type=int, help=argparse.SUPPRESS)
    p.add_argument("--speculation", help=argparse.SUPPRESS)
    options = p.parse_args()
    if options.port:
        return run_llama(options)
    mine, theirs = [], {name: [] for name in SPECULATIONS}
    for number in range(options.rounds):
        with ours(options) as (port, key):
            mine.append({**load(port, key, options), **first_words(port, key)})
        print(f"round {number + 1}: ours {mine[-1]}", file=sys.stderr)
        for name in SPECULATIONS:
            with llama(options, name) as (port, key):
                theirs[name].append({**load(port, key, options), **first_words(port, key)})
            print(f"round {number + 1}: llama.cpp, speculation {name} {theirs[name][-1]}", file=sys.stderr)
    middle = lambda runs, what: statistics.median(run[what] for run in runs)
    best = max(SPECULATIONS, key=lambda name: middle(theirs[name], "requests/s"))
    print(f"| {options.clients} clients, {options.requests} summaries | Bailiwick | llama.cpp's server (speculation: {best.lower()}) | ratio |")
    print("|---|---:|---:|---:|")
    for what in mine[0]:
        ratios = [a[what] / b[what] for a, b in zip(mine, theirs[best])]
        print(f"| {what} | {middle(mine, what):.2f} | {middle(theirs[best], what):.2f} | {statistics.median(ratios):.2f} |")


if __name__ == "__main__":
    main()
