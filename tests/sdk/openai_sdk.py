"""The official OpenAI SDK against a real server, as a CRM developer uses it.

Run by the Rust test `api::sdk`, which starts the server; `tests/sdk/setup` brings the packages. By hand:

    PYTHONPATH=$(tests/sdk/setup) BAILIWICK_URL=http://127.0.0.1:8080/v1 BAILIWICK_KEY=$(cat DIR/demo-app.key) \
        python3 tests/sdk/openai_sdk.py

Beside what the SDK makes of them, the bytes of every answer and of every event of a stream are validated against
OpenAI's own schemas (tests/data/openai/schemas.json).
"""

import io
import json
import os
import pathlib
import sys
import typing

import jsonschema
import openai
import pydantic
from openai import OpenAI

URL = os.environ["BAILIWICK_URL"]
KEY = os.environ["BAILIWICK_KEY"]
MODEL = "smollm2-135m-instruct"
SCHEMAS = json.loads(
    (pathlib.Path(__file__).parents[1] / "data/openai/schemas.json").read_text()
)

client = OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=120)
MESSAGES = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": [{"type": "text", "text": "Name a colour."}]},
]
CASE = {
    "attributes": {"type": "Case", "url": "/services/data/v62.0/sobjects/Case/500000000000001AAA"},
    "Subject": "Kettle leaks",
    "Description": "Erika Muster wrote that the kettle leaks. She can be reached at erika@example.com.",
    "Contact": {"Name": "Erika Muster", "Email": "erika@example.com", "MailingCountryCode": "DE"},
}


def valid(name, value):
    """`value` is what OpenAI's document calls `name`."""
    schema = {**SCHEMAS, "$ref": f"#/$defs/{name}"}
    jsonschema.Draft202012Validator(schema).validate(value)


def ask(**more):
    settings = {"model": MODEL, "messages": MESSAGES, "max_tokens": 8, "temperature": 0}
    return {**settings, **more}


def summary(country):
    case = {**CASE, "Contact": {**CASE["Contact"], "MailingCountryCode": country}}
    extension = {"use_case": "case-summary", "explain": True, "variables": {"case": case}}
    return {"model": "default", "messages": [], "extra_body": {"bailiwick": extension}}


def test_chat():
    answer = client.chat.completions.create(**ask())
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.message.refusal is None and choice.logprobs is None
    assert choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.prompt_tokens_details.cached_tokens >= 0
    raw = client.chat.completions.with_raw_response.create(**ask(max_completion_tokens=8))
    valid("CreateChatCompletionResponse", json.loads(raw.text))
    assert raw.headers["x-request-id"].startswith("req_")
    assert int(raw.headers["x-bailiwick-audit-entry"]) > 0


def test_same_seed_same_answer():
    settings = ask(temperature=1, seed=11, max_tokens=12)
    answers = {client.chat.completions.create(**settings).choices[0].message.content for _ in range(2)}
    assert len(answers) == 1, answers


def test_stream():
    whole = client.chat.completions.create(**ask()).choices[0].message.content
    for usage in (False, True):
        settings = ask(stream=True, stream_options={"include_usage": usage})
        chunks = list(client.chat.completions.create(**settings))
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == whole, (text, whole)
        assert len({(c.id, c.created, c.model) for c in chunks}) == 1
        counted = [c.usage.total_tokens for c in chunks if c.usage]
        assert len(counted) == (1 if usage else 0)
        with client.chat.completions.with_streaming_response.create(**settings) as raw:
            events = [line.removeprefix("data: ") for line in raw.iter_lines() if line]
        assert events.pop() == "[DONE]"
        for event in events:
            valid("CreateChatCompletionStreamResponse", json.loads(event))


def test_stream_helper():
    # The helper takes an answer that was cut by its limit for an error, so a stop string ends this one.
    with client.chat.completions.stream(**ask(max_tokens=64, stop=["a", "e", "o"])) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()
    assert "chunk" in kinds and "content.done" in kinds, kinds
    assert final.choices[0].finish_reason == "stop"


class Triage(pydantic.BaseModel):
    urgent: bool
    department: typing.Literal["returns", "sales"]


def test_parse():
    answer = client.chat.completions.parse(**ask(response_format=Triage, max_tokens=256))
    assert isinstance(answer.choices[0].message.parsed, Triage), answer
    with client.chat.completions.stream(**ask(response_format=Triage, max_tokens=256)) as stream:
        for _ in stream:
            pass
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Triage)


class OrderStatus(pydantic.BaseModel):
    """Looks an order up."""

    number: int = pydantic.Field(ge=1, le=99)


def test_tools():
    tools = [openai.pydantic_function_tool(OrderStatus)]
    settings = ask(tools=tools, tool_choice="required", parallel_tool_calls=False, max_tokens=256)
    answer = client.chat.completions.parse(**settings).choices[0]
    (call, *_) = answer.message.tool_calls
    assert answer.finish_reason == "tool_calls" and call.id
    assert isinstance(call.function.parsed_arguments, OrderStatus), call
    with client.chat.completions.stream(**settings) as stream:
        for _ in stream:
            pass
        (call, *_) = stream.get_final_completion().choices[0].message.tool_calls
        assert isinstance(call.function.parsed_arguments, OrderStatus), call


def test_models():
    valid("ListModelsResponse", json.loads(client.models.with_raw_response.list().text))
    assert [model.id for model in client.models.list()] == [MODEL, "all-minilm-l6-v2", "crm"]
    raw = client.models.with_raw_response.retrieve(MODEL)
    valid("Model", json.loads(raw.text))
    assert raw.parse().id == MODEL


def test_embeddings():
    texts = ["The kettle leaks.", "Invoice 2024"]
    # The SDK asks for base64 unless told otherwise, and decodes it.
    unsaid = client.embeddings.create(model="all-minilm-l6-v2", input=texts)
    floats = client.embeddings.create(model="all-minilm-l6-v2", input=texts, encoding_format="float")
    for ours, theirs in zip(unsaid.data, floats.data, strict=True):
        assert len(ours.embedding) == 384
        assert max(abs(a - b) for a, b in zip(ours.embedding, theirs.embedding)) < 1e-6
    raw = client.embeddings.with_raw_response.create(
        model="all-minilm-l6-v2", input="x", encoding_format="float"
    )
    valid("CreateEmbeddingResponse", json.loads(raw.text))


def test_use_case():
    answer = client.chat.completions.create(**summary("DE"), max_tokens=24)
    shown = answer.model_extra["bailiwick"]
    seen = json.dumps(shown["masked_messages"])
    assert "Erika" not in seen and "[PERSON_1]" in seen, seen
    assert "[PERSON_1]" not in answer.choices[0].message.content


def test_files():
    name, text = "notes.txt", b"The blue kettle leaks. She asks for a refund."
    raw = client.files.with_raw_response.create(file=(name, text), purpose="user_data")
    valid("OpenAIFile", json.loads(raw.text))
    file = raw.parse()
    assert (file.filename, file.bytes, file.status) == (name, len(text), "processed")
    assert client.files.wait_for_processing(file.id, poll_interval=0.01).id == file.id
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).content == text
    soon = client.files.create(
        file=io.BytesIO(text),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert soon.expires_at - soon.created_at == 3600
    assert [found.id for found in client.files.list(limit=1)][:2] == [soon.id, file.id]
    question = [{"type": "text", "text": "What leaks?"}, {"type": "file", "file": {"file_id": file.id}}]
    answer = client.chat.completions.create(**ask(messages=[{"role": "user", "content": question}]))
    assert answer.choices[0].message.content
    for known in (file, soon):
        assert client.files.delete(known.id).deleted
    refused(openai.NotFoundError, 404, "file_not_found", lambda: client.files.content(file.id))
    refused(
        openai.BadRequestError,
        400,
        "invalid_value",
        lambda: client.files.create(file=(name, text), purpose="vision"),
    )


def refused(kind, status, code, call):
    try:
        call()
    except openai.APIStatusError as error:
        assert type(error) is kind, type(error)
        assert (error.status_code, error.code) == (status, code), (error.status_code, error.code)
        valid("ErrorResponse", error.response.json())
        assert error.request_id.startswith("req_")
        return error
    raise AssertionError(f"{kind.__name__} expected")


def test_errors():
    create = client.chat.completions.create
    error = refused(
        openai.BadRequestError, 400, "invalid_value", lambda: create(**ask(temperature=3))
    )
    assert error.param == "temperature" and error.type == "invalid_request_error"
    refused(openai.NotFoundError, 404, "model_not_found", lambda: create(**ask(model="gpt-4o")))
    refused(openai.NotFoundError, 404, "model_not_found", lambda: client.models.retrieve("gpt-4o"))
    long = [{"role": "user", "content": "word " * 9000}]
    refused(
        openai.BadRequestError, 400, "context_length_exceeded", lambda: create(**ask(messages=long))
    )
    stranger = OpenAI(base_url=URL, api_key="sk-nobody", max_retries=0)
    refused(openai.AuthenticationError, 401, "invalid_api_key", stranger.models.list)
    # An error of a stream comes as an error, before any event.
    refused(
        openai.BadRequestError, 400, "invalid_value", lambda: create(**ask(top_p=1.5, stream=True))
    )


def test_residency():
    create = client.chat.completions.create
    error = refused(
        openai.PermissionDeniedError, 403, "residency_violation", lambda: create(**summary("CN"))
    )
    assert "china-at-home" in error.message and "https://ai.cn.example.com/v1" in error.message


def main():
    tests = [(name, call) for name, call in globals().items() if name.startswith("test_")]
    for name, call in tests:
        print(name, flush=True)
        call()
    print(f"{len(tests)} tests passed with openai {openai.__version__}")


if __name__ == "__main__":
    sys.exit(main())
