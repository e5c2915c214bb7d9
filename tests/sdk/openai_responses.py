"""The official OpenAI SDK's Responses API against a real server: create, stream, parse, background, cancel.

Run by the Rust test `api::sdk`, as `openai_sdk.py` is, and by hand in the same way.
"""

import json
import os
import pathlib
import sys
import time

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
CASE = {
    "attributes": {"type": "Case"},
    "Subject": "Kettle leaks",
    "Description": "Erika Muster wrote that the kettle leaks. She can be reached at erika@example.com.",
    "Contact": {"Name": "Erika Muster", "Email": "erika@example.com", "MailingCountryCode": "DE"},
}
TOOL = {
    "type": "function",
    "name": "find_order",
    "description": "Finds an order by its number.",
    "parameters": {
        "type": "object",
        "properties": {"number": {"type": "integer"}},
        "required": ["number"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Colour(pydantic.BaseModel):
    name: str
    warm: bool


def valid(name, value):
    """`value` is what OpenAI's document calls `name`."""
    schema = {**SCHEMAS, "$ref": f"#/$defs/{name}"}
    jsonschema.Draft202012Validator(schema).validate(value)


def ask(**more):
    settings = {"model": MODEL, "input": "Name a colour.", "max_output_tokens": 24, "temperature": 0}
    return {**settings, **more}


def prompt(country):
    case = {**CASE, "Contact": {**CASE["Contact"], "MailingCountryCode": country}}
    return {"id": "case-summary", "variables": {"case": case}}


def test_create():
    raw = client.responses.with_raw_response.create(**ask(instructions="You are brief."))
    valid("Response", json.loads(raw.text))
    response = raw.parse()
    assert response.id.startswith("resp_") and response.output_text
    assert response.instructions == "You are brief." and response.error is None
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.input_tokens_details.cached_tokens >= 0
    # An answer goes back as the input of the next turn.
    turns = [{"role": "user", "content": "Name a colour."}, *response.output]
    turns.append({"role": "user", "content": "Another one."})
    assert client.responses.create(**ask(input=turns)).output_text


def test_files():
    file = client.files.create(file=("notes.txt", b"The blue kettle leaks."), purpose="user_data")
    part = {"type": "input_file", "file_id": file.id}
    question = [{"type": "input_text", "text": "What leaks?"}, part]
    raw = client.responses.with_raw_response.create(**ask(input=[{"role": "user", "content": question}]))
    valid("Response", json.loads(raw.text))
    assert raw.parse().output_text
    client.files.delete(file.id)


def test_stream():
    whole = client.responses.create(**ask()).output_text
    events = list(client.responses.create(**ask(stream=True)))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == whole
    assert events[0].type == "response.created"
    assert events[-1].type in ("response.completed", "response.incomplete")
    assert events[-1].response.output_text == whole


def test_stream_helper():
    with client.responses.stream(**ask(max_output_tokens=400)) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_response()
    assert final.status == "completed" and final.output_text
    assert {"response.created", "response.output_text.delta", "response.completed"} <= kinds


def test_logprobs():
    settings = ask(include=["message.output_text.logprobs"], top_logprobs=2, max_output_tokens=4)
    raw = client.responses.with_raw_response.create(**settings)
    valid("Response", json.loads(raw.text))
    tokens = raw.parse().output[0].content[0].logprobs
    assert len(tokens) == 4 and all(len(token.top_logprobs) == 2 for token in tokens)
    assert "".join(token.token for token in tokens) == raw.parse().output_text
    assert all(token.logprob <= 0 for token in tokens)


def test_parse():
    response = client.responses.parse(**ask(max_output_tokens=200), text_format=Colour)
    assert isinstance(response.output_parsed, Colour), response


def test_tools():
    question = "Where is order 4711?"
    settings = ask(input=question, tools=[TOOL], tool_choice="required", max_output_tokens=200)
    settings["parallel_tool_calls"] = False
    raw = client.responses.with_raw_response.create(**settings)
    valid("Response", json.loads(raw.text))
    call = next(item for item in raw.parse().output if item.type == "function_call")
    assert call.name == "find_order"
    assert isinstance(json.loads(call.arguments)["number"], int)
    events = list(client.responses.create(**settings, stream=True))
    done = [event for event in events if event.type == "response.function_call_arguments.done"]
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert "".join(deltas) == done[0].arguments == call.arguments
    turns = [{"role": "user", "content": question}, call]
    turns.append({"type": "function_call_output", "call_id": call.call_id, "output": "It is on its way."})
    assert client.responses.create(**ask(input=turns, tools=[TOOL], tool_choice="none")).output_text


def test_prompt():
    response = client.responses.create(model="default", prompt=prompt("DE"), max_output_tokens=24)
    assert response.output_text and "[PERSON" not in response.output_text
    assert response.prompt.id == "case-summary"
    try:
        client.responses.create(model="default", prompt=prompt("CN"))
    except openai.PermissionDeniedError as error:
        assert error.code == "residency_violation" and error.param == "prompt.variables.case"
    else:
        raise AssertionError("a Chinese case was let in")


def finished(response):
    until = time.monotonic() + 60
    while response.status in ("queued", "in_progress"):
        assert time.monotonic() < until, response.status
        time.sleep(0.1)
        response = client.responses.retrieve(response.id)
    return response


def test_background():
    response = client.responses.create(**ask(background=True))
    assert response.status == "queued" and response.background
    done = finished(response)
    assert done.output_text == client.responses.create(**ask()).output_text
    raw = client.responses.with_raw_response.retrieve(response.id)
    valid("Response", json.loads(raw.text))
    client.responses.delete(response.id)
    try:
        client.responses.retrieve(response.id)
    except openai.NotFoundError as error:
        assert error.code == "response_not_found"
    else:
        raise AssertionError("a deleted response was found")


def test_cancel():
    story = ask(input="Tell a very long story.", max_output_tokens=1000, background=True)
    response = client.responses.create(**story)
    cancelled = client.responses.cancel(response.id)
    assert cancelled.status == "cancelled", cancelled.status
    assert client.responses.retrieve(response.id).status == "cancelled"


def test_errors():
    for settings, code, param in [
        (ask(temperature=3), "invalid_value", "temperature"),
        (ask(previous_response_id="resp_1"), "unsupported_value", "previous_response_id"),
        (ask(store=True), "unsupported_value", "store"),
        (ask(tools=[{"type": "web_search"}]), "unsupported_value", "tools[0].type"),
    ]:
        try:
            client.responses.create(**settings)
        except openai.BadRequestError as error:
            assert (error.code, error.param) == (code, param), (error.code, error.param)
        else:
            raise AssertionError(f"{param} was let in")


def main():
    tests = [(name, call) for name, call in globals().items() if name.startswith("test_")]
    for name, call in tests:
        print(name, flush=True)
        call()
    print(f"{len(tests)} tests of responses passed with openai {openai.__version__}")


if __name__ == "__main__":
    sys.exit(main())
