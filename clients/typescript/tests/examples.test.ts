// The examples run, as written, against the built package.

import { execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { closeAll, event, online, signToken } from "./people.js";
import { Server } from "./server.js";

const root = fileURLToPath(new URL("..", import.meta.url));
let server: Server;
/** A project of somebody else's, which has the package installed. */
let project: string;

beforeAll(async () => {
  server = await Server.start();
  project = mkdtempSync(join(tmpdir(), "fireside-examples-"));
  const installed = join(project, "node_modules", "fireside-chat");
  mkdirSync(installed, { recursive: true });
  execFileSync("npx", ["tsc", "--project", "tsconfig.build.json", "--outDir", join(installed, "dist")], { cwd: root });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  symlinkSync(join(root, "node_modules"), join(installed, "node_modules"));
  cpSync(join(root, "examples"), join(project, "examples"), { recursive: true });
}, 60_000);
afterAll(async () => {
  await closeAll();
  await server.remove();
  rmSync(project, { recursive: true, force: true });
});

/** A program of somebody else's, as strict as TypeScript can be. */
const CONSUMER = `
import { createClient, type Message, type SendState } from "fireside-chat";
import { createStore, type MessageRow } from "fireside-chat/store";

const chat = createClient({ url: "https://chat.example.org", token: async () => "token" });
const room = await chat.rooms.open("general");
const off: () => void = room.on("message:new", (message) => console.log(message.content.length, message.seq + 1));
const state: SendState = room.send("hello").status.get();
const ack = await chat.raw.emitWithAck("room:get", { roomId: room.roomId });
const slug: string = ack.ok ? ack.slug : ack.error.reason;
const page = await chat.rest.page("GET /chat/rooms/{roomId}/messages", { path: { roomId: room.roomId }, query: { limit: 5 } });
const first: Message | undefined = page.items[0];
const rows: readonly MessageRow[] = createStore(chat).place(room.place).window.get().rows;
// @ts-expect-error: a route that there is none of
await chat.rest.call("GET /chat/nothing", {});
// @ts-expect-error: a field that is missing
await chat.rest.call("GET /chat/rooms/{roomId}", {});
// @ts-expect-error: an event that there is none of
chat.on("message:gone", () => {});
console.log(off, state, slug, first, rows);
`;

/** All of the package, in a program that knows Node and no browser. */
const NODE_CONSUMER = `
import * as chat from "fireside-chat";
import * as store from "fireside-chat/store";
import * as early from "fireside-chat/early";
console.log(chat, store, early);
`;

test("a strict TypeScript program compiles against the package", async () => {
  writeFileSync(join(project, "consumer.ts"), CONSUMER);
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--exactOptionalPropertyTypes"];
  const options = { cwd: project, encoding: "utf8", stdio: "pipe" } as const;
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status, stdout } = spawnSync(tsc, [...flags, "consumer.ts"], options);
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

test("a program for Node compiles against it too: no type of the DOM is needed", () => {
  writeFileSync(join(project, "node.ts"), NODE_CONSUMER);
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2023", "--lib", "es2023"];
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules", "@types")];
  const modules = ["--module", "esnext", "--moduleResolution", "bundler"];
  const options = { cwd: project, encoding: "utf8", stdio: "pipe" } as const;
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status, stdout } = spawnSync(tsc, [...flags, ...types, ...modules, "node.ts"], options);
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

const environment = (name: string) => ({ ...process.env, FIRESIDE_URL: server.url, FIRESIDE_TOKEN: signToken(name) });

async function run(name: string, example: string, ...args: string[]): Promise<string> {
  const options = { cwd: project, env: environment(name), timeout: 20_000 };
  return (await promisify(execFile)(process.execPath, [`examples/${example}`, ...args], options)).stdout;
}

test("send and history", async () => {
  const chat = await online(server, "alice");
  await chat.rooms.create({ name: "General" });
  await run("alice", "send.mjs", "general", "The build is green");
  const lines = (await run("alice", "history.mjs", "general"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ from: "alice", content: "The build is green", deleted: false });
});

test("the bot answers, and ends when it is told to", async () => {
  const chat = await online(server, "bella");
  const room = await chat.rooms.create({ name: "Parrots" });
  const joined = event(room, "room:user-joined", ({ userId }) => userId === "host:echo");
  const bot = spawn(process.execPath, ["examples/echo-bot.mjs", "parrots"], {
    cwd: project,
    env: environment("echo"),
    stdio: "pipe",
  });
  const ended = new Promise((done) => bot.once("exit", done));
  try {
    await joined;
    await new Promise((done) => bot.stdout.once("data", done));
    const echoed = event(room, "message:new", ({ senderId }) => senderId === "host:echo");
    await room.send("!echo hello").delivered();
    expect((await echoed).content).toBe("hello");
    bot.kill("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    bot.kill("SIGKILL");
  }
});
