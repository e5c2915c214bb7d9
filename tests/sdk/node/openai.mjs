// The official `openai` SDK for Node against a real server.
//
// Run by the Rust test `api::sdk`, which starts the server; `tests/sdk/setup node` brings Node and the packages.

import assert from "node:assert/strict";
import { CASE, KEY, MESSAGES, URL, packages, run } from "./loopback.mjs";

const { default: OpenAI, toFile, ...errors } = packages("openai");
const { zodResponseFormat, zodFunction } = packages("openai/helpers/zod");
const { z } = packages("zod");

const client = new OpenAI({ baseURL: URL, apiKey: KEY, maxRetries: 0, timeout: 120_000 });
const ask = (more = {}) => ({ model: "default", messages: MESSAGES, max_tokens: 12, temperature: 0, ...more });
const order = zodFunction({ name: "order_status", parameters: z.object({ number: z.number().int().min(1).max(99) }) });

const tests = {
  async chat() {
    const { data, response } = await client.chat.completions.create(ask()).withResponse();
    const [choice] = data.choices;
    assert(choice.message.content && ["stop", "length"].includes(choice.finish_reason));
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.match(response.headers.get("x-request-id"), /^req_/);
    assert.match(data._request_id, /^req_/);
  },

  async stream() {
    const whole = await client.chat.completions.create(ask());
    let text = "";
    let usage;
    const stream = await client.chat.completions.create(
      ask({ stream: true, stream_options: { include_usage: true } }),
    );
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage ??= chunk.usage;
    }
    assert.equal(text, whole.choices[0].message.content);
    assert(usage.completion_tokens > 0);
  },

  async streamHelper() {
    const stream = client.chat.completions.stream(ask());
    const deltas = [];
    stream.on("content", (delta) => deltas.push(delta));
    const final = await stream.finalChatCompletion();
    assert.equal(deltas.join(""), final.choices[0].message.content);
  },

  async aborted() {
    const stream = await client.chat.completions.create(ask({ stream: true, max_tokens: 500 }));
    for await (const _ of stream) break;
    assert(stream.controller.signal.aborted);
  },

  async parse() {
    const triage = z.object({ urgent: z.boolean(), level: z.enum(["low", "high"]) });
    const answer = await client.chat.completions.parse(
      ask({ response_format: zodResponseFormat(triage, "triage"), max_tokens: 256 }),
    );
    const { parsed } = answer.choices[0].message;
    assert(typeof parsed.urgent === "boolean" && ["low", "high"].includes(parsed.level));
  },

  async tools() {
    const settings = ask({ tools: [order], tool_choice: "required", parallel_tool_calls: false, max_tokens: 256 });
    const answer = await client.chat.completions.parse(settings);
    const [call] = answer.choices[0].message.tool_calls;
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
    assert(Number.isInteger(call.function.parsed_arguments.number));
    const final = await client.chat.completions.stream(settings).finalChatCompletion();
    assert.equal(final.choices[0].message.tool_calls[0].function.name, "order_status");
    JSON.parse(final.choices[0].message.tool_calls[0].function.arguments);
  },

  async useCase() {
    const answer = await client.chat.completions.create({
      ...ask({ messages: [], max_tokens: 24 }),
      bailiwick: { use_case: "case-summary", explain: true, variables: { case: CASE } },
    });
    assert(!JSON.stringify(answer.bailiwick.masked_messages).includes("Erika"));
    assert(!answer.choices[0].message.content.includes("[PERSON_1]"));
  },

  async embeddings() {
    // The SDK asks for base64 unless told otherwise, and decodes it.
    const input = ["The kettle leaks.", "Invoice 2024"];
    const model = "all-minilm-l6-v2";
    const unsaid = await client.embeddings.create({ model, input });
    const floats = await client.embeddings.create({ model, input, encoding_format: "float" });
    for (const [index, { embedding }] of floats.data.entries()) {
      assert.equal(embedding.length, 384);
      embedding.forEach((value, at) => assert(Math.abs(value - unsaid.data[index].embedding[at]) < 1e-6));
    }
  },

  async files() {
    const text = "The blue kettle leaks.";
    const file = await client.files.create({ file: await toFile(Buffer.from(text), "notes.txt"), purpose: "user_data" });
    assert.equal(file.filename, "notes.txt");
    assert.equal(await (await client.files.content(file.id)).text(), text);
    const found = [];
    for await (const own of client.files.list()) found.push(own.id);
    assert(found.includes(file.id));
    assert((await client.files.delete(file.id)).deleted);
    await assert.rejects(() => client.files.retrieve(file.id), (error) => error.code === "file_not_found");
  },

  async models() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert(names.includes("smollm2-135m-instruct"));
    assert.equal((await client.models.retrieve("default")).id, "smollm2-135m-instruct");
  },

  async errors() {
    const refused = (kind, code, call) =>
      assert.rejects(call, (error) => error instanceof errors[kind] && error.code === code);
    const create = (more) => client.chat.completions.create(ask(more));
    await refused("BadRequestError", "invalid_value", () => create({ temperature: 3 }));
    await refused("BadRequestError", "invalid_value", () => create({ top_p: 2, stream: true }));
    await refused("NotFoundError", "model_not_found", () => create({ model: "gpt-4o" }));
    const stranger = new OpenAI({ baseURL: URL, apiKey: "sk-nobody", maxRetries: 0 });
    await refused("AuthenticationError", "invalid_api_key", () => stranger.models.list());
  },
};

await run(tests, `openai ${packages("openai/version").VERSION}`);
