"""The LiteLLM library against a real server: what a gateway in front of this one would send and expect.

Run by the Rust test `api::sdk`, which starts the server; `tests/sdk/setup litellm` brings the packages.
"""

import asyncio
import json
import os

import loopback

# No price list is fetched, nothing is told to anybody.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

from importlib.metadata import version

import litellm

litellm.telemetry = False
litellm.suppress_debug_info = True
URL, KEY = os.environ["BAILIWICK_URL"], os.environ["BAILIWICK_KEY"]
MESSAGES = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "Name a colour."},
]
TOOL = {
    "type": "function",
    "function": {
        "name": "order_status",
        "description": "Looks an order up.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer", "minimum": 1, "maximum": 99}},
            "required": ["number"],
            "additionalProperties": False,
        },
    },
}


def settings(**more):
    node = {"model": "openai/default", "api_base": URL, "api_key": KEY, "num_retries": 0}
    return {**node, "messages": MESSAGES, "temperature": 0, "max_tokens": 12, "timeout": 120, **more}


def test_completion():
    answer = litellm.completion(**settings())
    assert answer.choices[0].message.content and answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_stream():
    whole = litellm.completion(**settings()).choices[0].message.content
    chunks = list(litellm.completion(**settings(stream=True, stream_options={"include_usage": True})))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole, (text, whole)
    rebuilt = litellm.stream_chunk_builder(chunks, messages=MESSAGES)
    assert rebuilt.choices[0].message.content == whole and rebuilt.usage.completion_tokens > 0


def test_async():
    async def ask():
        return await asyncio.gather(*(litellm.acompletion(**settings()) for _ in range(3)))

    assert len({answer.choices[0].message.content for answer in asyncio.run(ask())}) == 1


def test_json_schema():
    schema = {
        "type": "object",
        "properties": {"urgent": {"type": "boolean"}},
        "required": ["urgent"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "triage", "strict": True, "schema": schema}}
    answer = litellm.completion(**settings(response_format=form, max_tokens=256))
    assert isinstance(json.loads(answer.choices[0].message.content)["urgent"], bool)


def test_tools():
    answer = litellm.completion(**settings(tools=[TOOL], tool_choice="required", parallel_tool_calls=False, max_tokens=256))
    (call, *_) = answer.choices[0].message.tool_calls
    assert call.function.name == "order_status"
    assert isinstance(json.loads(call.function.arguments)["number"], int)
    assert answer.choices[0].finish_reason == "tool_calls"


def test_embedding():
    node = {"model": "openai/all-minilm-l6-v2", "api_base": URL, "api_key": KEY}
    answer = litellm.embedding(**node, input=["The kettle leaks.", "Invoice 2024"])
    assert [len(item["embedding"]) for item in answer.data] == [384, 384]


def refused(kind, **more):
    try:
        litellm.completion(**settings(**more))
    except kind as error:
        assert type(error) is kind, type(error)
        return error
    raise AssertionError(f"{kind.__name__} expected")


def test_errors_are_told_apart():
    long = [{"role": "user", "content": "word " * 9000}]
    refused(litellm.ContextWindowExceededError, messages=long)
    refused(litellm.BadRequestError, temperature=3)
    refused(litellm.AuthenticationError, api_key="sk-nobody")
    refused(litellm.NotFoundError, model="openai/gpt-4o")


if __name__ == "__main__":
    loopback.run(globals(), f"litellm {version('litellm')}")
