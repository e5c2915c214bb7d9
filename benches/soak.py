"""A server under mixed load for a while: does it keep anything that it should give back?

usage: soak.py [--minutes 30] [--clients 6] [--bailiwick target/release/bailiwick]

Clients ask at random for use cases, plain and streamed chats, forms (a JSON schema), tools, embeddings, several answers at
once, background jobs and files; they send rubbish, go away in the middle of an answer, and send bodies that
never end. Once a minute, and at the start and the end when nobody asks, the server's memory, threads, open files and cache
blocks are looked at. It fails when a block, a thread, a file or a sequence is left, when memory grew by more than a tenth
after the first third, when an answer was of the wrong status, when the server died, or when its audit log does not verify.
Needs: cargo build --release.
"""
import argparse
import collections
import http.client
import json
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}, "stars": {"type": "integer"}},
          "required": ["mood", "stars"], "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {
    "type": "object", "properties": {"order": {"type": "string", "maxLength": 12}}, "required": ["order"]}}}


class Client(threading.Thread):
    """Asks until it is told to stop; counts what it asked and which status came."""

    def __init__(self, address, key, seed, cases):
        super().__init__(daemon=True)
        self.address, self.key, self.dice, self.cases = address, key, random.Random(seed), cases
        self.counts, self.wrong, self.stop = collections.Counter(), [], threading.Event()

    def run(self):
        asks = [self.use_case, self.use_case, self.chat, self.stream, self.leave, self.form, self.tool, self.several,
                self.vectors, self.job, self.file, self.rubbish, self.unfinished]
        while not self.stop.is_set():
            ask = self.dice.choice(asks)
            try:
                statuses = ask()
            except (OSError, http.client.HTTPException) as error:
                statuses = [type(error).__name__]
            for status in statuses:
                self.counts[f"{ask.__name__} {status}"] += 1
            time.sleep(self.dice.random() * 0.2)

    def send(self, method, path, body, expected):
        connection = http.client.HTTPConnection(*self.address, timeout=120)
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        connection.request(method, path, data, headers)
        response = connection.getresponse()
        text = response.read()
        connection.close()
        # A full queue says so.
        expected = expected if isinstance(expected, tuple) else (expected,)
        if response.status not in (*expected, 429, 503):
            self.wrong.append((method, path, response.status, text[:200]))
        return response.status, text

    def ask(self, more, expected=200, path="/v1/chat/completions"):
        words = " ".join(self.dice.choice(["kettle", "refund", "Anna Muster", "12 May", "leaks", "order 4711"]) for _ in range(60))
        body = {"model": "default", "messages": [{"role": "user", "content": words}], "max_tokens": 24, **more}
        return self.send("POST", path, body, expected)

    def use_case(self):
        case = self.dice.choice(self.cases)
        more = {"use_case": case["use_case"], "variables": case["variables"]}
        # 403: not every customer's record may be processed on this node.
        status, _ = self.ask({"messages": [], "max_tokens": 160, "bailiwick": more}, (200, 403))
        return [status]

    def chat(self):
        return [self.ask({"temperature": 0.7})[0]]

    def stream(self):
        status, text = self.ask({"stream": True})
        whole = status != 200 or text.rstrip().endswith(b"[DONE]")
        if not whole:
            self.wrong.append(("stream", "ended early", status, text[-200:]))
        return [status]

    def leave(self):
        """Reads the first part of an answer and goes."""
        body = json.dumps({"model": "default", "messages": [{"role": "user", "content": "Tell a long story."}],
                           "max_tokens": 400, "stream": True}).encode()
        with socket.create_connection(self.address, timeout=60) as wire:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {self.key}\r\n"
            wire.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
            wire.recv(self.dice.choice([1, 200, 4000]))
        return ["left"]

    def form(self):
        form = {"type": "json_schema", "json_schema": {"name": "review", "strict": True, "schema": SCHEMA}}
        status, text = self.ask({"response_format": form, "max_tokens": 60})
        if status == 200:
            json.loads(json.loads(text)["choices"][0]["message"]["content"])
        return [status]

    def tool(self):
        choice = {"type": "function", "function": {"name": "look_up"}}
        return [self.ask({"tools": [TOOL], "tool_choice": choice, "max_tokens": 60})[0]]

    def several(self):
        return [self.ask({"n": 3, "max_tokens": 8})[0]]

    def vectors(self):
        return [self.send("POST", "/v1/embeddings", {"model": "all-minilm-l6-v2", "input": ["a kettle", "a refund"]}, 200)[0]]

    def job(self):
        status, text = self.send("POST", "/v1/responses", {"model": "default", "input": "Say hello.", "max_output_tokens": 16,
                                                           "background": True}, 200)
        if status != 200:
            return [status]
        name = json.loads(text)["id"]
        if self.dice.random() < 0.5:
            return [status, self.send("POST", f"/v1/responses/{name}/cancel", {}, 200)[0] if self.dice.random() < 0.2
                    else self.send("GET", f"/v1/responses/{name}", None, 200)[0]]
        return [status, self.send("DELETE", f"/v1/responses/{name}", None, 200)[0]]

    def file(self):
        mark = "x7q"
        body = (f'--{mark}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n--{mark}\r\n'
                f'content-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n'
                f'hello\r\n--{mark}--\r\n').encode()
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        connection.request("POST", "/v1/files", body, {"authorization": f"Bearer {self.key}",
                                                       "content-type": f"multipart/form-data; boundary={mark}"})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status != 200:
            self.wrong.append(("POST", "/v1/files", response.status, text[:200]))
            return [response.status]
        name = json.loads(text)["id"]
        return [200, self.send("DELETE", f"/v1/files/{name}", None, 200)[0]]

    def rubbish(self):
        body, expected = self.dice.choice([
            (b"{", 400), (b"[" * 5000, 400), ({"model": "none", "messages": []}, 400),
            ({"model": "nobody", "messages": [{"role": "user", "content": "a"}]}, 404),
            ({"model": "default", "messages": [{"role": "user", "content": "a"}], "temperature": 9}, 400),
            ({"model": "default", "messages": [{"role": "user", "content": "word " * 9000}]}, 400)])
        return [self.send("POST", "/v1/chat/completions", body, expected)[0]]

    def unfinished(self):
        with socket.create_connection(self.address, timeout=60) as wire:
            wire.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 900\r\n\r\n{")
            time.sleep(self.dice.random())
        return ["left"]


def look(pid, address, key):
    """Memory in MiB, threads, open files, and what the metrics say of the engine."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    field = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])
    connection = http.client.HTTPConnection(*address, timeout=60)
    connection.request("GET", "/metrics", None, {"authorization": f"Bearer {key}"})
    text = connection.getresponse().read().decode()
    connection.close()
    metric = lambda name: sum(float(line.split()[-1]) for line in text.splitlines()
                              if line.startswith((name + " ", name + "{")))
    files = len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
    return {"MiB": field("VmRSS") / 1024, "threads": field("Threads"), "files": files,
            "blocks": metric("bailiwick_kv_blocks_used"), "running": metric("bailiwick_sequences_running"),
            "waiting": metric("bailiwick_sequences_waiting")}


def settled(pid, address, key):
    """A look when nothing runs any more and idle threads have gone."""
    for _ in range(120):
        now = look(pid, address, key)
        if now["running"] == now["waiting"] == 0:
            time.sleep(15)
            return look(pid, address, key)
        time.sleep(0.5)
    return now


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--clients", type=int, default=6)
    p.add_argument("--bailiwick", default=ROOT / "target/release/bailiwick")
    options = p.parse_args()
    cases = [json.loads(line) for line in (ROOT / "tests/eval/cases.jsonl").read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        data, log = pathlib.Path(folder) / "data", open(pathlib.Path(folder) / "log", "w")
        config = (ROOT / "src/config/demo.toml").read_text()
        # A small cache is soon full of what may be found again, so memory that grows later is something else.
        for old, new in [("requests_per_minute = 600", "requests_per_minute = 1000000"), ("kv_cache_mib = 256", "kv_cache_mib = 64")]:
            assert old in config, old
            config = config.replace(old, new, 1)
        path = pathlib.Path(folder) / "node.toml"
        path.write_text(config)
        data.mkdir()
        keys = [subprocess.run([options.bailiwick, "keys", "create", name, "--role", role, "--data-dir", data], check=True,
                               capture_output=True, text=True).stdout.split()[-1] for name, role in [("soak", "app"), ("watch", "admin")]]
        child = subprocess.Popen([options.bailiwick, "serve", "--config", path, "--data-dir", data, "--listen", "127.0.0.1:0"],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        told = data / "listen.addr"
        while not told.exists():
            assert child.poll() is None, "the server ended"
            time.sleep(0.1)
        host, port = told.read_text().strip().rsplit(":", 1)
        address = (host, int(port))
        looks, problems = [], []
        clients = [Client(address, keys[0], seed, cases) for seed in range(options.clients)]
        # Once through everything, so that what is made at first use is there.
        for client in clients:
            client.start()
        began = time.monotonic()
        before = None
        while time.monotonic() - began < options.minutes * 60:
            time.sleep(min(60, options.minutes * 60 / 6))
            assert child.poll() is None, "the server ended"
            looks.append(look(child.pid, address, keys[1]))
            minutes = (time.monotonic() - began) / 60
            print(f"minute {minutes:.1f}: " + ", ".join(f"{name} {value:.0f}" for name, value in looks[-1].items()), flush=True)
            if before is None:
                before = looks[-1]
        for client in clients:
            client.stop.set()
        for client in clients:
            client.join(180)
        after = settled(child.pid, address, keys[1])
        print("at rest: " + ", ".join(f"{name} {value:.0f}" for name, value in after.items()))
        third = looks[len(looks) // 3]["MiB"]
        for name in ("running", "waiting", "blocks"):
            if after[name] != 0:
                problems.append(f"{after[name]:.0f} {name} are left")
        if after["MiB"] > third * 1.1:
            problems.append(f"memory grew from {third:.0f} to {after['MiB']:.0f} MiB")
        if after["threads"] > before["threads"] or after["files"] > before["files"]:
            problems.append(f"threads {before['threads']} to {after['threads']}, files {before['files']} to {after['files']}")
        counts = sum((client.counts for client in clients), collections.Counter())
        print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
        problems += [f"wrong answer: {wrong}" for client in clients for wrong in client.wrong[:3]]
        child.terminate()
        if child.wait(60) != 0:
            problems.append(f"the server ended with {child.returncode}")
        verified = subprocess.run([options.bailiwick, "audit", "verify", "--data-dir", data], capture_output=True, text=True)
        print(verified.stdout.strip())
        if verified.returncode != 0:
            problems.append("the audit log does not verify: " + verified.stderr)
        panics = (pathlib.Path(folder) / "log").read_text().count("panicked")
        if panics:
            problems.append(f"{panics} panics in the log")
    print("\n".join(problems) or "sound: nothing is left")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
