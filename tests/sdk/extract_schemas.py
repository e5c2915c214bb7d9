"""Takes the few schemas that the tests need out of OpenAI's OpenAPI document.

    python3 tests/sdk/extract_schemas.py openapi.json tests/data/openai/schemas.json

The document (3.1, MIT, https://github.com/openai/openai-openapi) has megabytes; what is kept is the answers of
the endpoints that exist here, with all that they refer to. Its old `nullable: true` is put into JSON Schema's
own words, and descriptions are left out.
"""

import json
import sys

WANTED = [
    "CreateChatCompletionResponse",
    "CreateChatCompletionStreamResponse",
    "CreateCompletionResponse",
    "CreateEmbeddingResponse",
    "DeleteFileResponse",
    "ErrorResponse",
    "ListFilesResponse",
    "ListModelsResponse",
    "Model",
    "OpenAIFile",
    "Response",
    "ResponseCompletedEvent",
    "ResponseContentPartAddedEvent",
    "ResponseContentPartDoneEvent",
    "ResponseCreatedEvent",
    "ResponseFailedEvent",
    "ResponseFunctionCallArgumentsDeltaEvent",
    "ResponseFunctionCallArgumentsDoneEvent",
    "ResponseInProgressEvent",
    "ResponseIncompleteEvent",
    "ResponseOutputItemAddedEvent",
    "ResponseOutputItemDoneEvent",
    "ResponseReasoningTextDeltaEvent",
    "ResponseReasoningTextDoneEvent",
    "ResponseTextDeltaEvent",
    "ResponseTextDoneEvent",
]
PREFIX = "#/components/schemas/"
DROPPED = {"description", "example", "examples", "x-oaiMeta", "deprecated", "title"}
# Of an older draft, in the filters of a file search, which is no answer of ours.
DROPPED |= {"$recursiveAnchor", "$recursiveRef"}


def plain(node, names):
    """`node` as JSON Schema; adds the names that it refers to."""
    if isinstance(node, list):
        return [plain(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    nullable = node.get("nullable") is True
    kept = {
        key: properties(value, names) if key == "properties" else plain(value, names)
        for key, value in node.items()
        if key not in DROPPED and key != "nullable"
    }
    if "$ref" in kept:
        name = kept["$ref"].removeprefix(PREFIX)
        names.add(name)
        kept["$ref"] = f"#/$defs/{name}"
    return {"anyOf": [kept, {"type": "null"}]} if nullable else kept


def properties(node, names):
    """Names of properties are no keywords: one may be called `description`."""
    return {key: plain(value, names) for key, value in node.items()}


def main(source, target):
    with open(source, encoding="utf-8") as file:
        schemas = json.load(file)["components"]["schemas"]
    found, waiting = {}, set(WANTED)
    while waiting:
        name = waiting.pop()
        names = set()
        found[name] = plain(schemas[name], names)
        waiting |= names - found.keys()
    # One line per schema: small, and a change shows where it is.
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    with open(target, "w", encoding="utf-8") as file:
        file.write('{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": {\n')
        file.write(",\n".join(lines))
        file.write("\n}}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
