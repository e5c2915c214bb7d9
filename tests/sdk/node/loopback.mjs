// What the scripts of this folder share: packages from the build's folder, this machine and no other one, and
// a plain runner.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";

export const URL = process.env.BAILIWICK_URL;
export const KEY = process.env.BAILIWICK_KEY;

/** `require` over the packages that tests/sdk/setup brought. */
export const packages = createRequire(path.join(process.env.BAILIWICK_NODE_PACKAGES, "package.json"));

const LOCAL = ["127.0.0.1", "::1", "localhost"];
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...words) {
  const flat = Array.isArray(words[0]) ? words[0] : words;
  const host = typeof flat[0] === "object" ? flat[0].host : flat[1];
  assert(host === undefined || LOCAL.includes(host), `a test may not speak to ${host}`);
  return connect.apply(this, words);
};

/** Runs the tests in order, and says so. */
export async function run(tests, what) {
  for (const [name, test] of Object.entries(tests)) {
    console.log(name);
    await test();
  }
  console.log(`${Object.keys(tests).length} tests passed with ${what}`);
}

export const MESSAGES = [
  { role: "system", content: "You are brief." },
  { role: "user", content: "Name a colour." },
];

export const CASE = {
  attributes: { type: "Case" },
  Subject: "Kettle leaks",
  Description: "Erika Muster wrote that the kettle leaks.",
  Contact: { Name: "Erika Muster", MailingCountryCode: "DE" },
};
