// The Vercel AI SDK with its provider for OpenAI-compatible servers, against a real server.
//
// Run by the Rust test `api::sdk`, which starts the server; `tests/sdk/setup node` brings Node and the packages.

import assert from "node:assert/strict";
import { CASE, KEY, URL, packages, run } from "./loopback.mjs";

const { createOpenAICompatible } = packages("@ai-sdk/openai-compatible");
const { APICallError, embedMany, generateText, jsonSchema, Output, streamText, tool } = packages("ai");
const { z } = packages("zod");

const node = createOpenAICompatible({
  name: "node",
  baseURL: URL,
  apiKey: KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const ask = (more = {}) => ({
  model: node.chatModel("default"),
  system: "You are brief.",
  prompt: "Name a colour.",
  maxOutputTokens: 12,
  temperature: 0,
  maxRetries: 0,
  ...more,
});
const tools = {
  order_status: tool({
    description: "Looks an order up.",
    inputSchema: jsonSchema({
      type: "object",
      properties: { number: { type: "integer", minimum: 1, maximum: 99 } },
      required: ["number"],
      additionalProperties: false,
    }),
  }),
};

const tests = {
  async generateText() {
    const answer = await generateText(ask());
    assert(answer.text && ["stop", "length"].includes(answer.finishReason));
    assert(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
  },

  async streamText() {
    const whole = await generateText(ask());
    const answer = streamText(ask());
    let text = "";
    for await (const delta of answer.textStream) text += delta;
    assert.equal(text, whole.text);
    assert((await answer.usage).outputTokens > 0);
  },

  async structuredOutput() {
    const schema = z.object({ urgent: z.boolean(), level: z.enum(["low", "high"]) });
    const answer = await generateText(ask({ output: Output.object({ schema }), maxOutputTokens: 256 }));
    assert(typeof answer.output.urgent === "boolean" && ["low", "high"].includes(answer.output.level));
  },

  async toolCalls() {
    for (const toolChoice of ["required", { type: "tool", toolName: "order_status" }]) {
      const answer = await generateText(ask({ tools, toolChoice, maxOutputTokens: 256 }));
      const [call] = answer.toolCalls;
      assert.equal(call.toolName, "order_status");
      assert(Number.isInteger(call.input.number) && !call.invalid, JSON.stringify(call));
    }
    const streamed = streamText(ask({ tools, toolChoice: "required", maxOutputTokens: 256 }));
    assert.equal((await streamed.toolCalls)[0].toolName, "order_status");
  },

  async useCase() {
    // The SDK wants a prompt, and a use case brings its own: the provider puts the one in the other's place.
    const extension = { use_case: "case-summary", variables: { case: CASE } };
    const provider = createOpenAICompatible({
      name: "node",
      baseURL: URL,
      apiKey: KEY,
      transformRequestBody: (body) => ({ ...body, messages: [], bailiwick: extension }),
    });
    const answer = await generateText(ask({ model: provider.chatModel("default"), maxOutputTokens: 24 }));
    assert(answer.text && !answer.text.includes("[PERSON_1]"));
  },

  async embeddings() {
    const model = node.textEmbeddingModel("all-minilm-l6-v2");
    const { embeddings } = await embedMany({ model, values: ["The kettle leaks.", "Invoice 2024"] });
    assert.deepEqual(embeddings.map((own) => own.length), [384, 384]);
  },

  async errors() {
    const refused = (status, more) =>
      assert.rejects(generateText(ask(more)), (error) => APICallError.isInstance(error) && error.statusCode === status);
    await refused(400, { temperature: 3 });
    await refused(404, { model: node.chatModel("gpt-4o") });
  },
};

await run(tests, `ai ${packages("ai/package.json").version}`);
