// The bar about the connection, over time.

import { expect, test } from "vitest";

import { bannerPhase } from "./banner-phase.js";

test.each([
  [{ downForMs: 0 }, "nothing", 2000],
  [{ downForMs: 1999 }, "nothing", 1],
  [{ downForMs: 2000 }, "reconnecting", 8000],
  [{ downForMs: 10_000 }, "offline", null],
  [{ backForMs: 0 }, "back", 2000],
  [{ backForMs: 2000 }, "nothing", null],
] as const)("%o", (line, shows, lookAgainMs) => expect(bannerPhase(line)).toEqual({ shows, lookAgainMs }));
