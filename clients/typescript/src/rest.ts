// REST calls, typed by the routes of the contract.

import type { Head, RestRoutes } from "./contract.js";
import { ChatError } from "./errors.js";

/** `METHOD /path` of a route. */
export type Route = keyof RestRoutes;

type Part<T, Name extends string> = string extends keyof T
  ? { [K in Name]?: never }
  : Partial<T> extends T
    ? { [K in Name]?: T }
    : { [K in Name]: T };

/** The fields of a call, each where the route has it. */
export type RestInput<R extends Route> = Part<RestRoutes[R]["path"], "path"> &
  Part<RestRoutes[R]["query"], "query"> &
  Part<RestRoutes[R]["body"], "body"> & {
    /** A name for the write: repeating it is one write. */
    idempotencyKey?: string;
    signal?: AbortSignal;
  };

/** A page of a list: its rows, and the queries of its neighbours. */
export interface RestPage<T> {
  items: T;
  next: Record<string, string> | null;
  prev: Record<string, string> | null;
  head: Head | null;
}

/** Typed REST calls with the token of whoever is signed in. They fail with `ChatError`. */
export interface Rest {
  /** The body of the answer. */
  call<R extends Route>(route: R, input: RestInput<R>): Promise<RestRoutes[R]["response"]>;
  /** The same for a list, with what its headers say about paging. */
  page<R extends Route>(route: R, input: RestInput<R>): Promise<RestPage<RestRoutes[R]["response"]>>;
}

/** Tokens for calls. */
export interface Bearer {
  /** A token that is good for a while. */
  token(): Promise<string>;
  /** A token in place of one that the server refused. */
  renew(refused: string): Promise<string>;
}

/** The fields of a call as they are without their types. */
export interface AnyInput {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const ANSWER_MS = 15_000;
/** Routes that one needs before there is a token: they are called without one. */
const WITHOUT_TOKEN = / \/auth\/(?:register|setup|login|refresh|.+\/check)$/u;

/** Calls a server. */
export class RestClient implements Rest {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #bearer: Bearer;

  constructor(url: string, fetchFunction: typeof fetch, bearer: Bearer) {
    this.#url = url;
    this.#fetch = fetchFunction;
    this.#bearer = bearer;
  }

  async call<R extends Route>(route: R, input: RestInput<R>): Promise<RestRoutes[R]["response"]> {
    return (await this.send(route, input as AnyInput)).body as RestRoutes[R]["response"];
  }

  async page<R extends Route>(route: R, input: RestInput<R>): Promise<RestPage<RestRoutes[R]["response"]>> {
    const { body, headers } = await this.send(route, input as AnyInput);
    const seq = headers.get("x-room-seq");
    const epoch = headers.get("x-room-epoch");
    return {
      items: body as RestRoutes[R]["response"],
      next: linked(headers, "next"),
      prev: linked(headers, "prev"),
      head: seq !== null && epoch !== null ? { seq: Number(seq), epoch } : null,
    };
  }

  /** A call of any route, also one that the contract's types do not have. */
  async send(route: string, input: AnyInput): Promise<{ body: unknown; headers: Headers }> {
    if (WITHOUT_TOKEN.test(route)) return this.#ask(route, input, null);
    const token = await this.#bearer.token();
    try {
      return await this.#ask(route, input, token);
    } catch (error) {
      if (!(error instanceof ChatError) || error.status !== 401) throw error;
      return this.#ask(route, input, await this.#bearer.renew(token));
    }
  }

  async #ask(route: string, input: AnyInput, token: string | null): Promise<{ body: unknown; headers: Headers }> {
    const { method, url, init } = request(this.#url, route, input, token);
    const { signal, end } = within(ANSWER_MS, input.signal);
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(url, { method, signal, ...init });
      text = await response.text();
    } catch (cause) {
      throw unreachable(input.signal, cause);
    } finally {
      end();
    }
    const body = parse(text);
    // Something on the way may answer with a page of its own, and say that it is well.
    const isOurs = body !== undefined || text === "";
    if (response.ok && isOurs) return { body, headers: response.headers };
    throw ChatError.fromProblem(response.status, body as never);
  }
}

function request(base: string, route: string, input: AnyInput, token: string | null) {
  const [method = "GET", template = "/"] = route.split(" ");
  const path = template.replace(/\{(\w+)\}/gu, (_, name: string) => encodeURIComponent(String(input.path?.[name])));
  const given = Object.entries(input.query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  const headers: Record<string, string> = {};
  if (token !== null) headers["authorization"] = `Bearer ${token}`;
  if (input.body !== undefined) headers["content-type"] = "application/json";
  if (input.idempotencyKey !== undefined) headers["idempotency-key"] = input.idempotencyKey;
  const init: RequestInit = { headers, credentials: "omit", cache: "no-store" };
  if (input.body !== undefined) init.body = JSON.stringify(input.body);
  return { method, url: `${base}${path}${query && `?${query}`}`, init };
}

/**
 * Aborts after `ms`, or with `signal`, until it is ended: a signal may be given for many requests, and must not keep
 * a listener of each. (`AbortSignal.any` is younger than the browsers we are for.)
 */
function within(ms: number, signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  const timeout = AbortSignal.timeout(ms);
  if (!signal) return { signal: timeout, end: () => {} };
  const both = new AbortController();
  const over = new AbortController();
  const abort = (event: Event) => both.abort((event.target as AbortSignal).reason);
  for (const one of [signal, timeout]) one.addEventListener("abort", abort, { signal: over.signal });
  if (signal.aborted) both.abort(signal.reason);
  return { signal: both.signal, end: () => over.abort() };
}

function unreachable(signal: AbortSignal | undefined, cause: unknown): ChatError {
  if (signal?.aborted) return new ChatError({ reason: "aborted", message: "The request was given up", cause });
  if (cause instanceof DOMException && cause.name === "TimeoutError")
    return new ChatError({ reason: "timeout", message: "The server did not answer in time", retryable: true, cause });
  return new ChatError({ reason: "offline", message: "The server cannot be reached", retryable: true, cause });
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The query of the neighbouring page with this relation (RFC 8288). */
function linked(headers: Headers, relation: string): Record<string, string> | null {
  for (const link of (headers.get("link") ?? "").split(/,\s*(?=<)/u)) {
    const found = /^<[^?>]*\?([^>]*)>;\s*rel="?(\w+)"?/u.exec(link);
    if (found?.[2] === relation) return Object.fromEntries(new URLSearchParams(found[1]));
  }
  return null;
}
