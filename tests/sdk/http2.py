"""HTTP/2 in clear, frame by frame, against a real server.

Run by the Rust test `api::sdk`, which starts the server with a short `header_timeout_s`; `tests/sdk/setup http2`
brings the packages. The last test ends the server (BAILIWICK_PID).
"""

import json
import os
import signal
import socket
import time
from urllib.parse import urlsplit

import h2
import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import loopback

URL = urlsplit(os.environ["BAILIWICK_URL"])
KEY = os.environ["BAILIWICK_KEY"]
PID = int(os.environ["BAILIWICK_PID"])
# What the server's configuration says.
HEADER_TIMEOUT, MAX_BODY = 2, 4096 * 1024
# The type of the frame that says that a connection ends.
GOAWAY = 7


class Answer:
    def __init__(self):
        self.headers, self.body, self.ended, self.reset = {}, b"", False, None

    @property
    def status(self):
        return int(self.headers.get(":status", 0))

    def json(self):
        return json.loads(self.body)

    def events(self):
        return [e.removeprefix("data: ") for e in self.body.decode().split("\n\n") if e]


class Client:
    """A connection and the answers on it."""

    def __init__(self):
        self.socket = socket.create_connection((URL.hostname, URL.port))
        self.socket.settimeout(60)
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.answers, self.goaway, self.closed, self.rest = {}, None, False, b""
        self.flush()

    def flush(self):
        try:
            self.socket.sendall(self.h2.data_to_send())
        except OSError:
            self.closed = True

    def begin(self, method, path, body=None, end=True, **headers):
        """Sends a request; gives its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        names = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "node")]
        headers = {"authorization": f"Bearer {KEY}", **headers}
        names += [(name.replace("_", "-"), value) for name, value in headers.items()]
        body = None if body is None else json.dumps(body).encode()
        self.h2.send_headers(stream, names, end_stream=body is None and end)
        if body is not None:
            self.h2.send_data(stream, body, end_stream=end)
        self.flush()
        return stream

    def step(self):
        """Takes what the server sent next."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            return
        events = []
        for frame in self.frames(data):
            # Once it has seen a GOAWAY this library takes nothing more, though the streams that run go on to
            # their ends (RFC 9113, section 6.8): so it never sees one.
            if frame[3] == GOAWAY:
                self.goaway = int.from_bytes(frame[13:17], "big")
            else:
                events += self.h2.receive_data(frame)
        for event in events:
            answer = self.answers.get(getattr(event, "stream_id", None))
            if isinstance(event, h2.events.ResponseReceived):
                answer.headers = dict(event.headers)
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                if event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                answer.ended = True
            elif isinstance(event, h2.events.StreamReset):
                answer.reset, answer.ended = event.error_code, True
        self.flush()

    def frames(self, data):
        """The whole frames of what came; the start of the next one is kept."""
        self.rest += data
        while len(self.rest) >= 9 and len(self.rest) >= (size := 9 + int.from_bytes(self.rest[:3], "big")):
            yield self.rest[:size]
            self.rest = self.rest[size:]

    def until(self, done):
        while not done() and not self.closed:
            self.step()

    def finish(self, stream):
        answer = self.answers[stream]
        self.until(lambda: answer.ended)
        return answer

    def ask(self, *args, **more):
        return self.finish(self.begin(*args, **more))


def chat(tokens, **more):
    message = {"role": "user", "content": "Tell me about the sea."}
    bias = {"0": -100, "2": -100}
    return {"model": "default", "messages": [message], "max_tokens": tokens, "temperature": 0,
            "logit_bias": bias, **more}


def metric(name):
    text = Client().ask("GET", "/metrics").body.decode()
    found = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


def wait_for(what, done, seconds=20):
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, f"waited {seconds} s: {what}"
        time.sleep(0.05)


def test_answers_are_as_in_http1():
    client = Client()
    alive = client.ask("GET", "/health/live")
    assert (alive.status, alive.json()["status"]) == (200, "alive")
    whole = client.ask("POST", "/v1/chat/completions", chat(4), content_type="application/json")
    assert whole.status == 200 and whole.headers["x-request-id"].startswith("req_")
    text = whole.json()["choices"][0]["message"]["content"]
    stream = client.ask("POST", "/v1/chat/completions", chat(4, stream=True))
    events = stream.events()
    assert events.pop() == "[DONE]"
    pieces = [json.loads(event)["choices"][0]["delta"].get("content") or "" for event in events]
    assert "".join(pieces) == text, (pieces, text)
    refused = client.ask("POST", "/v1/chat/completions", chat(4), authorization="Bearer bwk_x_y")
    assert refused.status == 401 and refused.json()["error"]["code"] == "invalid_api_key"
    assert client.ask("GET", "/nowhere").status == 404


def test_requests_share_a_connection():
    client = Client()
    streams = [client.begin("POST", "/v1/chat/completions", chat(30, stream=True)) for _ in range(4)]
    # A short one overtakes them.
    assert client.ask("GET", "/health/live").status == 200
    assert not all(client.answers[stream].ended for stream in streams)
    bodies = [client.finish(stream).events() for stream in streams]
    assert all(events[-1] == "[DONE]" and len(events) > 20 for events in bodies)


def test_bounds_are_told():
    client = Client()
    client.ask("GET", "/health/live")
    told = client.h2.remote_settings
    assert told.max_concurrent_streams == 100
    assert told.max_header_list_size == 64 * 1024


def test_long_heads_and_bodies_are_refused():
    client = Client()
    # More than the server takes, sent in spite of what it told.
    client.h2.remote_settings.update({h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 24})
    big = client.ask("GET", "/health/live", **{f"x_{i}": "v" * 4000 for i in range(20)})
    assert big.status == 431 or big.reset is not None or client.closed, big.headers
    client = Client()
    long = client.begin("POST", "/v1/chat/completions", end=False, content_length=str(MAX_BODY + 1))
    answer = client.finish(long)
    assert answer.status == 413 and answer.json()["error"]["code"] == "request_too_large"
    # The others of its connection go on.
    assert client.ask("GET", "/health/live").status == 200


def test_a_reset_ends_the_work():
    client, before = Client(), metric("bailiwick_requests_cancelled_total")
    for flag in (True, False):
        stream = client.begin("POST", "/v1/chat/completions", chat(1000, stream=flag))
        wait_for("it runs", lambda: metric("bailiwick_sequences_running") == 1)
        client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        client.flush()
        wait_for("nothing runs", lambda: metric("bailiwick_sequences_running") == 0)
    assert metric("bailiwick_requests_cancelled_total") == before + 2
    assert client.ask("GET", "/health/live").status == 200


def test_a_connection_that_breaks_ends_the_work():
    client, before = Client(), metric("bailiwick_requests_cancelled_total")
    for _ in range(2):
        client.begin("POST", "/v1/chat/completions", chat(1000))
    wait_for("they run", lambda: metric("bailiwick_sequences_running") == 2)
    client.socket.close()
    wait_for("nothing runs", lambda: metric("bailiwick_sequences_running") == 0)
    assert metric("bailiwick_requests_cancelled_total") == before + 2


def test_a_flood_of_resets_ends_the_connection():
    client = Client()
    for _ in range(200):
        for _ in range(50):
            stream = client.begin("GET", "/health/live")
            client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
        client.flush()
        if client.closed:
            break
    client.until(lambda: client.goaway is not None)
    assert client.closed or client.goaway == h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
    assert Client().ask("GET", "/health/ready").status == 200


def test_idle_connections_are_closed():
    quiet, half, silent, busy = Client(), socket.create_connection((URL.hostname, URL.port)), None, Client()
    silent = socket.create_connection((URL.hostname, URL.port))
    half.sendall(b"PRI * HT")
    assert quiet.ask("GET", "/health/live").status == 200
    stream = busy.begin("POST", "/v1/chat/completions", chat(1000, stream=True))
    began = time.monotonic()
    quiet.until(lambda: quiet.goaway is not None)
    assert quiet.goaway == 0
    assert HEADER_TIMEOUT * 0.9 < time.monotonic() - began < HEADER_TIMEOUT * 10
    for other in (half, silent):
        other.settimeout(60)
        assert other.recv(100) == b"", "a connection that says nothing is closed"
    # Who has a request is not idle, however long it takes.
    assert not busy.answers[stream].ended
    busy.h2.ping(b"12345678")
    busy.flush()
    busy.step()
    assert not busy.closed and busy.goaway is None
    busy.socket.close()


def test_last_a_drain_ends_what_runs():
    client = Client()
    stream = client.begin("POST", "/v1/chat/completions", chat(200, stream=True))
    client.until(lambda: client.answers[stream].body)
    os.kill(PID, signal.SIGTERM)

    def refused():
        late = client.ask("POST", "/v1/chat/completions", chat(1))
        assert late.status in (200, 503), late.status
        return late.status == 503 and late.json()["error"]["code"] == "shutting_down"

    wait_for("new requests are turned away", refused)
    events = client.finish(stream).events()
    assert events[-1] == "[DONE]" and '"finish_reason":"length"' in events[-2], events[-2:]
    client.until(lambda: client.closed)
    assert client.goaway == 0


if __name__ == "__main__":
    loopback.run(globals(), f"h2 {h2.__version__}")
