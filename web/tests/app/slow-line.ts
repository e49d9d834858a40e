// A line to a server that is as slow and as broken as a test wants it.

import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class SlowLine {
  readonly url: string;
  /** How late everything comes that is sent from now on, in either direction. */
  delayMs = 0;
  readonly #server: Server;
  readonly #open: Set<Socket>;

  private constructor(server: Server, open: Set<Socket>) {
    this.#server = server;
    this.#open = open;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A line to the server at `url`. */
  static async to(url: string): Promise<SlowLine> {
    const { hostname, port } = new URL(url);
    const open = new Set<Socket>();
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(from);
        from.once("close", () => {
          open.delete(from);
          to.destroy();
        });
        // Whoever is cut off hears of it by the close.
        from.on("error", () => {});
        line.#carry(from, to);
      }
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const line = new SlowLine(server, open);
    return line;
  }

  /** Ends all connections; new ones can be made at once. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #carry(from: Socket, to: Socket): void {
    let dueMs = 0;
    from.on("data", (bytes) => {
      const nowMs = performance.now();
      // What was sent later never comes earlier.
      dueMs = Math.max(dueMs, nowMs + this.delayMs);
      setTimeout(() => to.writable && to.write(bytes), dueMs - nowMs);
    });
  }
}
