// The cast of the tests: people with a token of the host application, and waiting for what must happen.

import { createHmac } from "node:crypto";

import { type Chat, type ChatEvents, type ChatOptions, createClient, type Readable } from "../src/index.js";
import { SECRET, type Server } from "./server.js";

const WAIT_MS = 15_000;

/** A token as a host application signs it (HS256). */
export function signToken(username: string, { lifeSeconds = 3600 } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: `host:${username}`, preferred_username: username, iat: now, exp: now + lifeSeconds };
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

const open = new Set<Chat>();

/** A client of somebody, not connected yet. */
export function person(server: Server, username: string, options: Partial<ChatOptions> = {}): Chat {
  return client(server, { token: () => signToken(username), ...options });
}

/** A client of somebody with an account of the server's own, or of nobody yet. */
export function client(server: Server, options: Partial<ChatOptions> = {}): Chat {
  const chat = createClient({ url: server.url, ...options });
  open.add(chat);
  return chat;
}

/** A client of somebody, online. */
export async function online(server: Server, username: string, options: Partial<ChatOptions> = {}): Promise<Chat> {
  const chat = person(server, username, options);
  const ready = event(chat, "sync:ready");
  await chat.connect();
  await ready;
  return chat;
}

/** Closes every client that was made here. */
export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((chat) => chat.close()));
  open.clear();
}

/** The next event of that name for which `fits` holds. */
export function event<E extends keyof ChatEvents>(
  chat: Pick<Chat, "on">,
  name: E,
  fits: (payload: ChatEvents[E]) => boolean = () => true,
): Promise<ChatEvents[E]> {
  return within(name, (done) => {
    const off = chat.on(name, (payload) => {
      if (!fits(payload)) return;
      off();
      done(payload);
    });
  });
}

/** The value, as soon as `fits` holds. */
export function value<T>(readable: Readable<T>, fits: (value: T) => boolean): Promise<T> {
  return within(
    "a value",
    (done) => {
      if (fits(readable.get())) return done(readable.get());
      const off = readable.subscribe((next) => {
        if (!fits(next)) return;
        off();
        done(next);
      });
    },
    () => JSON.stringify(readable.get())?.slice(0, 2000),
  );
}

function within<T>(what: string, wait: (done: (value: T) => void) => void, now?: () => string): Promise<T> {
  // Made here, so that its stack leads to the test.
  const late = new Error(`waited ${WAIT_MS} ms for ${what}`);
  return new Promise((done, fail) => {
    const timer = setTimeout(() => {
      if (now) late.message += `; it is ${now()}`;
      fail(late);
    }, WAIT_MS);
    wait((given) => {
      clearTimeout(timer);
      done(given);
    });
  });
}
