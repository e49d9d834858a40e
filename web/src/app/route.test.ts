// Addresses mean what they say, and whatever else is unknown.

import { expect, test } from "vitest";

import { BEGINNING_PATH, directPath, messagePath, parseRoute, roomPath } from "./route.js";

test.each([
  ["/", { name: "home", begins: false }],
  ["/login", { name: "login", user: "", token: "" }],
  ["/join/abc-1", { name: "join", code: "abc-1" }],
  ["/r/harbour", { name: "room", room: "harbour", message: null }],
  ["/r/harbour/m/01J", { name: "room", room: "harbour", message: "01J" }],
  ["/d/u%40x", { name: "direct", userId: "u@x", message: null }],
  ["/d/u/m/9", { name: "direct", userId: "u", message: "9" }],
  ["/browse", { name: "browse" }],
  ["/settings", { name: "settings", part: "profile" }],
  ["/settings/sessions", { name: "settings", part: "sessions" }],
])("%s", (path, route) => expect(parseRoute(path)).toEqual(route));

test.each(["/r", "/r/", "/r/a/m", "/r/a/x/b", "/r/a/m/b/c", "/login/x", "/join", "/nothing"])("%s is unknown", (path) =>
  expect(parseRoute(path)).toEqual({ name: "unknown" }),
);

test("a new account begins elsewhere than before the list", () => {
  const { pathname, hash } = new URL(BEGINNING_PATH, "https://chat.example.org");
  expect(parseRoute(pathname, hash)).toEqual({ name: "home", begins: true });
});

test("the token of a new server stands in the fragment", () =>
  expect(parseRoute("/setup", "#token=ab-c")).toEqual({ name: "setup", token: "ab-c" }));

test("a link that signs somebody in says whom, in the fragment", () =>
  expect(parseRoute("/login", "#user=ada&token=x-1")).toEqual({ name: "login", user: "ada", token: "x-1" }));

test("what is written is read back", () => {
  expect(parseRoute(roomPath("a/b%"))).toEqual({ name: "room", room: "a/b%", message: null });
  expect(parseRoute(messagePath(directPath("x y"), "m"))).toEqual({ name: "direct", userId: "x y", message: "m" });
});
