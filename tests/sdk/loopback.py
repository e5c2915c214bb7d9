"""Imported first by each script: it may speak to this machine and to nothing else.

Some SDKs fetch price lists, encodings or news about themselves when they are imported or used; a test that lets
them is no test of this server alone, and fails where there is no network.
"""

import sys

LOCAL = ("127.0.0.1", "::1", "localhost")


def _watch(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode()
    if host is not None and host not in LOCAL:
        raise PermissionError(f"a test may not speak to {host}")


sys.addaudithook(_watch)


def run(tests, what):
    """Calls every `test_…` of a module's globals and says so."""
    chosen = [(name, call) for name, call in tests.items() if name.startswith("test_")]
    for name, call in chosen:
        print(name, flush=True)
        call()
    print(f"{len(chosen)} tests passed with {what}")
