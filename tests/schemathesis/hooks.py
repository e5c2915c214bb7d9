"""What schemathesis can't know of this server: the names of its models, and that long answers cost time.

Generated requests name models that do not exist, and would all end with 404. Where a request has a name at all, it
gets one that exists; whatever else is wrong with it stays wrong. Answers are kept to two tokens where the request
asks for a sound number of more, or for none, and deadlines are none that they can miss.
"""

import schemathesis

CHAT = "default"
VECTORS = "all-minilm-l6-v2"
OF_VECTORS = ("/v1/embeddings", "/v1/rerank", "/v1/score")
LIMITS = {
    "/v1/chat/completions": ("max_completion_tokens", "max_tokens"),
    "/v1/completions": ("max_tokens",),
    "/v1/connector/chat/completions": ("max_tokens",),
    # In the connector's own document, whose server is /v1/connector.
    "/chat/completions": ("max_tokens",),
    "/v1/responses": ("max_output_tokens",),
}
MOST = 2
SHORT = 30.0
MANY = 48
MOST_MESSAGES = 1024


@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body
    if not isinstance(body, dict):
        return
    if isinstance(body.get("model"), str):
        body["model"] = VECTORS if case.path in OF_VECTORS else CHAT
    names = LIMITS.get(case.path, ())
    for name in names:
        if isinstance(body.get(name), int) and body[name] > MOST:
            body[name] = MOST
    if names and all(name not in body or body[name] is None for name in names):
        body[names[0]] = MOST
    # Nor does a conversation of a thousand turns show more than one of a few dozen.
    for name in ("messages", "input"):
        if isinstance(body.get(name), list) and MANY < len(body[name]) <= MOST_MESSAGES:
            body[name] = body[name][:MANY]
    # A deadline of a millisecond is kept, with 504; here every answer is to come.
    headers = kwargs.get("headers") or {}
    for own in (headers, case.headers or {}):
        if is_short(own.get("timeout")):
            own["timeout"] = "100"


def is_short(timeout):
    try:
        return 0 < float(timeout) < SHORT
    except (TypeError, ValueError):
        return False
