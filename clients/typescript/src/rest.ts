// REST calls, typed by the routes of the contract.

import type { Head, RestRoutes } from "./contract.js";

/** `METHOD /path` of a route. */
export type Route = keyof RestRoutes;

type Part<T, Name extends string> = [keyof T] extends [never]
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
