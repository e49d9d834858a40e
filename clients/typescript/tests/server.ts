// A real server of one's own: on a free port, with a folder of its own, that can be killed and started again.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const START_MS = 20_000;
const STOP_MS = 15_000;
const BUILT = fileURLToPath(new URL("../../../target/debug/fireside", import.meta.url));

/** The secret that the servers here trust tokens of, besides their own. */
export const SECRET = "a secret of the tests, 32 bytes or more";

/** Environment variables; what is undefined is left out, also where it would have a value otherwise. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** A server that runs, or has been killed. */
export class Server {
  readonly #folder: string;
  readonly #port: number;
  readonly #settings: Settings;
  #child: ChildProcess | null = null;
  #output = "";

  private constructor(folder: string, port: number, settings: Settings) {
    this.#folder = folder;
    this.#port = port;
    this.#settings = settings;
  }

  /** Starts one; `settings` are environment variables. */
  static async start(settings: Settings = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), "fireside-sdk-"));
    const server = new Server(folder, await freePort(), settings);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What it has printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Starts it on the same port and folder as before. */
  async startAgain(): Promise<void> {
    const program = programPath();
    const args = ["--listen", `127.0.0.1:${this.#port}`, "--data-dir", join(this.#folder, "data")];
    const child = spawn(program, args, { cwd: this.#folder, env: environment(this.#settings), stdio: "pipe" });
    this.#child = child;
    // Whatever happens to the tests, no server outlives them.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (this.#output += String(text)));
    const deadline = performance.now() + START_MS;
    while (!(await isReady(this.url))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`the server did not get ready; it said:\n${this.#output}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  /** Runs a script on a command line beside it, where `fireside` is the program. What it printed. */
  async shell(script: string): Promise<string> {
    const env = environment({
      ...this.#settings,
      FIRESIDE_DATA_DIR: join(this.#folder, "data"),
      PATH: `${dirname(programPath())}:${process.env["PATH"]}`,
    });
    const { stdout } = await promisify(execFile)("sh", ["-euc", script], { cwd: this.#folder, env });
    return stdout;
  }

  /** Ends it without a chance to say goodbye. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends it as an operator does: it drains first. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Ends it for good. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

function programPath(): string {
  const program = process.env["FIRESIDE_BIN"] ?? BUILT;
  if (!existsSync(program)) throw new Error(`${program} is missing: run cargo build --package=fireside-server`);
  return program;
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (response) => response.ok,
    () => false,
  );
}

/** Nothing of the caller's own settings reaches the server. */
function environment(settings: Settings): Settings {
  const isForeign = ([name]: [string, unknown]) => !name.startsWith("FIRESIDE_") && !name.startsWith("APP_ENV_");
  const defaults = { FIRESIDE_JWT_SECRET: SECRET, FIRESIDE_SIGNUP: "open", FIRESIDE_RATE_LIMITS: "off" };
  return { ...Object.fromEntries(Object.entries(process.env).filter(isForeign)), ...defaults, ...settings };
}

/** A port that was free just now. A server that is killed and started again needs the same one. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === "object" ? done(address.port) : fail(new Error("no port"))));
    });
  });
}
