"""LangChain's OpenAI integration against a real server, as an application uses it.

Run by the Rust test `api::sdk`, which starts the server; `tests/sdk/setup langchain` brings the packages.
"""

import asyncio
import os

import loopback

# Nothing is traced to anybody.
os.environ["LANGSMITH_TRACING"] = "false"

from importlib.metadata import version
from typing import Annotated

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

URL, KEY = os.environ["BAILIWICK_URL"], os.environ["BAILIWICK_KEY"]
CASE = {
    "attributes": {"type": "Case"},
    "Subject": "Kettle leaks",
    "Description": "Erika Muster wrote that the kettle leaks.",
    "Contact": {"Name": "Erika Muster", "MailingCountryCode": "DE"},
}


def model(**more):
    settings = {"temperature": 0, "max_tokens": 12, "max_retries": 0, "timeout": 120, **more}
    return ChatOpenAI(model="default", base_url=URL, api_key=KEY, **settings)


MESSAGES = [SystemMessage("You are brief."), HumanMessage("Name a colour.")]


def test_invoke():
    answer = model().invoke(MESSAGES)
    assert isinstance(answer, AIMessage) and answer.content
    assert answer.response_metadata["finish_reason"] in ("stop", "length")
    used = answer.usage_metadata
    assert used["total_tokens"] == used["input_tokens"] + used["output_tokens"] > 0


def test_stream():
    whole = model().invoke(MESSAGES).content
    chunks = list(model(stream_usage=True).stream(MESSAGES))
    assert "".join(chunk.content for chunk in chunks) == whole
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.usage_metadata["output_tokens"] > 0, total


def test_async_and_batch():
    async def both():
        streamed = [chunk.content async for chunk in model().astream(MESSAGES)]
        return (await model().ainvoke(MESSAGES)).content, "".join(streamed)

    whole, streamed = asyncio.run(both())
    assert whole == streamed
    assert {answer.content for answer in model().batch([MESSAGES] * 3)} == {whole}


def test_conversation():
    turns = [*MESSAGES, AIMessage("Blue."), HumanMessage("Another one.")]
    assert model().invoke(turns).content


class Triage(BaseModel):
    """How urgent a complaint is."""

    urgent: bool
    department: str = Field(max_length=12)


def test_structured_output():
    strict = model(max_tokens=256).with_structured_output(Triage, method="json_schema")
    answer = strict.invoke("The kettle leaks. Is that urgent?")
    assert isinstance(answer, Triage), answer


@tool
def order_status(number: Annotated[int, Field(ge=1, le=99)]) -> str:
    """Looks an order up."""
    return f"order {number} is on its way"


def test_tools():
    bound = model(max_tokens=256).bind_tools([order_status], tool_choice="required")
    question = HumanMessage("Where is order 7?")
    answer = bound.invoke([question])
    (call, *_) = answer.tool_calls
    assert call["name"] == "order_status" and isinstance(call["args"]["number"], int), answer
    assert not answer.invalid_tool_calls
    result = ToolMessage(order_status.invoke(call["args"]), tool_call_id=call["id"])
    turns = [question, AIMessage("", tool_calls=[call]), result]
    assert model().bind_tools([order_status]).invoke(turns) is not None
    chunks = list(bound.stream([question]))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.tool_calls[0]["name"] == "order_status", total


def test_use_case():
    extension = {"use_case": "case-summary", "explain": True, "variables": {"case": CASE}}
    answer = model(extra_body={"bailiwick": extension}, max_tokens=24).invoke([])
    assert answer.content and "[PERSON_1]" not in answer.content


def test_embeddings():
    # As text: the other way counts tokens with an encoding of another vendor, which it fetches.
    embeddings = OpenAIEmbeddings(
        model="all-minilm-l6-v2", base_url=URL, api_key=KEY, check_embedding_ctx_length=False
    )
    one = embeddings.embed_query("The kettle leaks.")
    two = embeddings.embed_documents(["The kettle leaks.", "Invoice 2024"])
    assert len(one) == 384 and max(abs(a - b) for a, b in zip(one, two[0])) < 1e-6


def test_errors():
    def refused(kind, **more):
        try:
            model(**more).invoke(MESSAGES)
        except kind as error:
            return error
        raise AssertionError(f"{kind.__name__} expected")

    assert refused(openai.BadRequestError, top_p=1.5).code == "invalid_value"
    stranger = ChatOpenAI(model="default", base_url=URL, api_key="sk-nobody", max_retries=0)
    try:
        stranger.invoke("x")
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"
    else:
        raise AssertionError("401 expected")


if __name__ == "__main__":
    loopback.run(globals(), f"langchain-openai {version('langchain-openai')}")
