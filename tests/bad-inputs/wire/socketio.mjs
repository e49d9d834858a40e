// A Socket.IO client that can misbehave: every packet is written by hand.

import { ANSWER_MS } from './http.mjs';
import { frame, WebSocketWire } from './websocket.mjs';

export const IDIOMATIC = '/socket.io/?EIO=4&transport=websocket';
export const TUTORIAL = '/io/?EIO=4&transport=websocket';

/** One socket of the default namespace, over WebSocket. */
export class Client {
  #nextId = 1000;

  constructor(ws) {
    this.ws = ws;
    /** Events heard: `{name, payload}`. */
    this.heard = [];
    /** Every text message, for leak scans. */
    this.texts = ws.texts;
    this.#listen();
  }

  /** An open Engine.IO session that has joined nothing. */
  static async bare(server, path = IDIOMATIC, options = {}) {
    const client = new Client(await WebSocketWire.open(server, path, options));
    if (!await client.ws.hears((text) => text.startsWith('0{'))) throw new Error('no open packet came');
    return client;
  }

  /** A client of the idiomatic profile, connected. */
  static async open(server, token, options = {}) {
    const client = await Client.bare(server, IDIOMATIC, options);
    client.packet(`40${JSON.stringify({ token })}`);
    const answer = await client.ws.hears((text) => text.startsWith('40') || text.startsWith('44'));
    if (!answer?.startsWith('40')) throw new Error(`the connection was refused: ${answer}`);
    client.id = JSON.parse(answer.slice(2)).sid;
    return client;
  }

  /** A client of the tutorial's profile, connected and, with a token, authenticated. */
  static async tutorial(server, token, options = {}) {
    const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const client = await Client.bare(server, TUTORIAL, { ...options, headers });
    client.packet('40');
    const answer = await client.ws.hears((text) => text.startsWith('40'));
    client.id = JSON.parse(answer.slice(2)).sid;
    if (token) {
      client.packet('42["authenticate"]');
      await client.hears('authenticated');
    }
    return client;
  }

  #listen() {
    const take = (text) => {
      if (text === '2') return this.ws.send('3');
      if (!text.startsWith('42[')) return undefined;
      const [name, payload] = JSON.parse(text.slice(2));
      return this.heard.push({ name, payload });
    };
    this.ws.texts.forEach(take);
    this.ws.onText = take;
  }

  /** Sends one Engine.IO packet as it is. */
  packet(text) {
    this.ws.send(text);
  }

  /** Sends the bytes of a text message that may not be UTF-8. */
  packetBytes(bytes) {
    this.ws.sendBytes(frame(bytes));
  }

  emit(event, ...args) {
    this.packet(`42${JSON.stringify([event, ...args])}`);
  }

  /** The answer to an event. */
  ask(event, ...args) {
    return this.askRaw(JSON.stringify([event, ...args]));
  }

  /** The answer to an event whose arguments are given as JSON text; null when the connection closes instead. */
  async askRaw(json, limitMs = ANSWER_MS) {
    this.#nextId += 1;
    const id = this.#nextId;
    this.packet(`42${id}${json}`);
    const answer = await this.ws.hears((text) => text.startsWith(`43${id}[`), limitMs);
    return answer === null ? null : JSON.parse(answer.slice(`43${id}`.length))[0];
  }

  /** The payload of the first fitting event, heard already or to come. */
  async hears(name, fits = () => true, limitMs = ANSWER_MS) {
    const find = () => this.heard.find((one) => one.name === name && fits(one.payload));
    await this.ws.wire.until(() => find() || this.ws.ended, limitMs);
    const found = find();
    if (!found) throw new Error(`no fitting ${name} came; heard ${JSON.stringify(this.heard).slice(0, 600)}`);
    return found.payload;
  }

  /** Whether the connection still answers. */
  async answers() {
    return (await this.askRaw('["bad-inputs:no-such-event"]')) !== null;
  }

  closes(limitMs) {
    return this.ws.closes(limitMs);
  }

  close() {
    this.ws.close();
  }
}
