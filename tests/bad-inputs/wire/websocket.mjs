// WebSocket as it is on the wire: frames that no library would send, and what the server makes of them.

import { createHash, randomBytes } from 'node:crypto';

import { ANSWER_MS, head, Wire } from './http.mjs';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;

/** One frame as a client sends it. `announced` is a length that need not be true. */
export function frame(payload, { opcode = TEXT, fin = true, rsv = 0, masked = true, announced } = {}) {
  const content = Buffer.from(payload);
  const length = BigInt(announced ?? content.length);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = masked ? 0x80 : 0;
  let header;
  if (length < 126n) {
    header = Buffer.from([first, bit | Number(length)]);
  } else if (length < 65_536n) {
    header = Buffer.from([first, bit | 126, 0, 0]);
    header.writeUInt16BE(Number(length), 2);
  } else {
    header = Buffer.alloc(10);
    header.writeUInt8(first, 0);
    header.writeUInt8(bit | 127, 1);
    header.writeBigUInt64BE(length, 2);
  }
  if (!masked) return Buffer.concat([header, content]);
  const mask = randomBytes(4);
  const hidden = Buffer.from(content);
  for (let at = 0; at < hidden.length; at += 1) hidden[at] ^= mask[at & 3];
  return Buffer.concat([header, mask, hidden]);
}

/** A close frame with this code and reason. */
export function closeFrame(code, reason = '') {
  const body = Buffer.alloc(2);
  body.writeUInt16BE(code, 0);
  return frame(Buffer.concat([body, Buffer.from(reason)]), { opcode: CLOSE });
}

/** The headers of a right handshake. */
export function handshakeHeaders(headers = {}) {
  return {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
}

/** A WebSocket that is open, and what came on it. */
export class WebSocketWire {
  #at;

  constructor(wire, answer) {
    this.wire = wire;
    this.answer = answer;
    this.#at = answer.rest;
    /** Text messages in order. */
    this.texts = [];
    /** The code of the server's close frame. */
    this.closeCode = null;
    /** Called with each text message. */
    this.onText = () => {};
    wire.socket.on('data', () => this.#read());
    this.#read();
  }

  /** Opens one; rejects with the answer when it is no 101. */
  static async open(server, path, { headers, localAddress } = {}) {
    const wire = await Wire.open(server, { localAddress });
    const sent = handshakeHeaders(headers);
    wire.send(head(`GET ${path}`, sent));
    const answer = await wire.answer();
    const accept = createHash('sha1').update(sent['Sec-WebSocket-Key'] + MAGIC).digest('base64');
    if (answer?.status !== 101 || answer.headers['sec-websocket-accept'] !== accept) {
      wire.close();
      throw Object.assign(new Error(`the WebSocket was answered ${answer?.status}: ${answer?.text}`), { answer });
    }
    return new WebSocketWire(wire, answer);
  }

  send(text) {
    this.wire.send(frame(text));
  }

  sendBytes(bytes) {
    this.wire.send(bytes);
  }

  get ended() {
    return this.wire.ended;
  }

  /** Waits until the server closes; the code it gave, 1006 where it gave none, null if it does not close. */
  async closes(limitMs = ANSWER_MS) {
    const over = await this.wire.until(() => this.closeCode !== null || this.wire.ended, limitMs);
    return over ? this.closeCode ?? 1006 : null;
  }

  /** The first text message that fits, heard already or to come; null when there is none in time. */
  async hears(fits, limitMs = ANSWER_MS) {
    const find = () => this.texts.find(fits);
    await this.wire.until(() => find() !== undefined || this.wire.ended || this.closeCode !== null, limitMs);
    return find() ?? null;
  }

  close() {
    this.wire.close();
  }

  #read() {
    for (;;) {
      const bytes = this.wire.heard.subarray(this.#at);
      if (bytes.length < 2) return;
      let length = bytes[1] & 0x7f;
      let at = 2;
      if (length === 126) {
        if (bytes.length < 4) return;
        length = bytes.readUInt16BE(2);
        at = 4;
      } else if (length === 127) {
        if (bytes.length < 10) return;
        length = Number(bytes.readBigUInt64BE(2));
        at = 10;
      }
      if (bytes.length < at + length) return;
      const content = bytes.subarray(at, at + length);
      this.#at += at + length;
      this.#take(bytes[0] & 0x0f, content);
    }
  }

  #take(opcode, content) {
    if (opcode === TEXT) {
      const text = content.toString();
      this.texts.push(text);
      this.onText(text);
    } else if (opcode === CLOSE) {
      this.closeCode ??= content.length >= 2 ? content.readUInt16BE(0) : 1005;
    } else if (opcode === PING) {
      this.wire.send(frame(content, { opcode: 10 }));
    }
  }
}

