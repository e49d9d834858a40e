// The one error of this package.

import type { ApiError, ErrorReason, Problem } from "./contract.js";

/**
 * Why a request failed: a reason of the server's closed list, or of the way to it (`offline`: not connected,
 * `aborted`: given up by the caller).
 */
export type Reason = ErrorReason | "offline" | "aborted";

/** What a `ChatError` is made of. */
export interface ChatErrorFields {
  reason: Reason;
  message: string;
  code?: string | undefined;
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  field?: string | undefined;
  status?: number | undefined;
  requestId?: string | undefined;
  cause?: unknown;
}

/** A request that was not done, and why. Everything in this package that fails, fails with one of these. */
export class ChatError extends Error {
  override readonly name = "ChatError";
  /** The operation's own code (`SEND_FAILED`), else the reason in capitals. */
  readonly code: string;
  /** Why, from a closed list. */
  readonly reason: Reason;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Milliseconds to wait before a retry, when known. */
  readonly retryAfterMs: number | undefined;
  /** The field at fault, when there is one. */
  readonly field: string | undefined;
  /** The HTTP status, where the request went over REST. */
  readonly status: number | undefined;
  /** The request's id in the server's log, where the request went over REST. */
  readonly requestId: string | undefined;

  constructor(fields: ChatErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.reason = fields.reason;
    this.code = fields.code ?? fields.reason.toUpperCase();
    this.retryable = fields.retryable ?? false;
    this.retryAfterMs = fields.retryAfterMs;
    this.field = fields.field;
    this.status = fields.status;
    this.requestId = fields.requestId;
  }

  /** The error of an answer on the socket. */
  static fromAck(error: Partial<ApiError> | undefined): ChatError {
    return new ChatError({
      ...error,
      reason: error?.reason ?? "internal",
      message: error?.message ?? "The server gave no reason",
    });
  }

  /** The error of a REST answer; `problem` is its body as far as that was JSON. */
  static fromProblem(status: number, problem: Partial<Problem> | null): ChatError {
    return new ChatError({
      ...problem,
      status,
      reason: problem?.reason ?? (status === 401 ? "unauthenticated" : "internal"),
      message: problem?.message ?? `Not an answer of the server: ${status}`,
      retryable: problem?.retryable ?? (status >= 500 || status < 400),
    });
  }
}
