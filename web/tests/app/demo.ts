// The server of `fireside demo`: people and their talk, the same at every run, and links that sign people in.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../../../target/debug/fireside", import.meta.url));
const START_MS = 90_000;

/** When the talk ends that tests and pictures look at. */
export const NOW = "2026-11-20T11:10:00Z";

export class Demo {
  readonly #child: ChildProcess;
  /** Addresses that sign people in, once, by username. */
  readonly links: ReadonlyMap<string, string>;
  readonly url: string;

  private constructor(child: ChildProcess, links: ReadonlyMap<string, string>) {
    this.#child = child;
    this.links = links;
    this.url = new URL([...links.values()][0] ?? "").origin;
  }

  /** Starts one, with `messages` in its long room. */
  static async start(messages = 0): Promise<Demo> {
    const program = process.env["FIRESIDE_BIN"] ?? BUILT;
    if (!existsSync(program)) throw new Error(`${program} is missing: run cargo build --package=fireside-server`);
    const options = ["--listen", "127.0.0.1:0", "--rate-limits", "off", "--at", NOW, "--messages", String(messages)];
    const child = spawn(program, ["demo", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    // Whatever happens to the tests, no server outlives them.
    process.once("exit", () => child.kill("SIGKILL"));
    const links = new Map<string, string>();
    const tooLong = setTimeout(() => child.kill("SIGKILL"), START_MS);
    for await (const line of createInterface(child.stdout)) {
      const [link, user] = /http\S+#user=(\w+)\S+/u.exec(line) ?? [];
      if (link && user) links.set(user, link);
      if (line.includes("Ctrl+C")) break;
    }
    clearTimeout(tooLong);
    if (links.size === 0) throw new Error("the demo printed no links");
    return new Demo(child, links);
  }

  /** Ends it; it takes its data along. */
  async remove(): Promise<void> {
    const ended = new Promise((done) => this.#child.once("exit", done));
    // The first one drains, the second one does not wait for that.
    this.#child.kill("SIGTERM");
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  }
}
