// The tokens of whoever is signed in: kept, renewed before they end, shared by all tabs.

import type { SignedOutReason } from "./auth.js";
import type { Clock } from "./clock.js";
import type { SignedIn, User } from "./contract.js";
import { ChatError } from "./errors.js";
import { Cell } from "./readable.js";
import type { Bearer } from "./rest.js";
import type { ChatStorage } from "./storage.js";
import { withLock } from "./tabs.js";

/** A token is not used for its last minute: a call takes time, and clocks differ. */
const RENEW_BEFORE_MS = 60_000;
/** So long a host application may take to give a token. */
const HOST_MS = 30_000;

/** What is kept of a session. Without a refresh token, the host application gives the tokens. */
interface Kept {
  user: User;
  accessToken: string;
  refreshToken: string;
  endsAt: number;
}

/** What a session needs of the world. */
export interface SessionOptions {
  /** Prefix of keys and locks. */
  scope: string;
  storage: ChatStorage;
  clock: Clock;
  /** Exchanges a refresh token. */
  exchange: (refreshToken: string) => Promise<SignedIn>;
  /** Gives the host application's token. */
  token?: (() => string | Promise<string>) | undefined;
  /** Hears of every change of who is signed in. `isLocal`: it happened in this tab. */
  changed: (user: User | null, reason: SignedOutReason | undefined, isLocal: boolean) => void;
}

/** Under which names a client of that server keeps what it keeps. */
export const scopeOf = (url: string): string => `fireside/${url}`;

/** One person's tokens. */
export class Session implements Bearer {
  readonly user = new Cell<User | null>(null);
  readonly #options: SessionOptions;
  readonly #key: string;
  #kept: Kept | null = null;
  #hostToken: { token: string; endsAt: number } | null = null;
  #renewing: Promise<string> | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#key = `${options.scope}/session`;
  }

  /** Whether tokens come from the host application. */
  get isHosted(): boolean {
    return this.#options.token !== undefined;
  }

  /** Reads what was kept here, or what another tab has changed. */
  async restore(reason?: SignedOutReason): Promise<User | null> {
    if (!this.isHosted) this.#take(await this.#read(), reason, false);
    return this.user.get();
  }

  /** Keeps what a sign-in answered. */
  async save(signedIn: SignedIn): Promise<User> {
    const { user, accessToken, refreshToken, expiresIn } = signedIn;
    const kept = { user, accessToken, refreshToken, endsAt: this.#options.clock.now() + expiresIn * 1000 };
    await this.#keep(kept);
    this.#take(kept, undefined, true);
    return user;
  }

  /** A newer profile of the same person, or the first one, where the host application gives the tokens. */
  async update(user: User): Promise<User> {
    if (this.#kept) {
      this.#kept = { ...this.#kept, user };
      await this.#keep(this.#kept);
    }
    this.#show(user, undefined, true);
    return user;
  }

  /** Nobody is signed in any more. */
  async forget(reason: SignedOutReason): Promise<void> {
    this.#hostToken = null;
    await this.#keep(null);
    this.#take(null, reason, true);
    this.#show(null, reason, true);
  }

  async token(): Promise<string> {
    const now = this.#options.clock.now();
    if (this.isHosted) {
      const host = this.#hostToken;
      return host && host.endsAt - now > RENEW_BEFORE_MS ? host.token : this.renew(host?.token);
    }
    const kept = this.#kept ?? (await this.#read());
    if (!kept) throw signedOut();
    return kept.endsAt - now > RENEW_BEFORE_MS ? kept.accessToken : this.renew(kept.accessToken);
  }

  /** A token in place of `stale`; the same one for all who ask at the same time, in all tabs. */
  renew(stale?: string): Promise<string> {
    this.#renewing ??= (this.isHosted ? this.#ask() : withLock(this.#key, () => this.#exchange(stale))).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #ask(): Promise<string> {
    const token = await this.#askHost();
    if (typeof token !== "string" || token === "") throw signedOut();
    this.#hostToken = { token, endsAt: expiryMs(token) };
    return token;
  }

  /** Whatever goes wrong in the host application is an error of this package, and worth another try. */
  async #askHost(): Promise<unknown> {
    const { token, clock } = this.#options;
    let cancel = () => {};
    const late = new Promise<never>((_, fail) => {
      cancel = clock.after(HOST_MS, () => fail(noToken("timeout", "The application gave no token in time")));
    });
    try {
      return await Promise.race([token?.(), late]);
    } catch (cause) {
      throw cause instanceof ChatError ? cause : noToken("internal", "The token could not be had", cause);
    } finally {
      cancel();
    }
  }

  async #exchange(stale: string | undefined): Promise<string> {
    const kept = await this.#read();
    if (!kept) {
      this.#take(null, "expired", false);
      throw signedOut();
    }
    // Another tab was faster. A refresh token works once: using it again would end the session.
    if (stale !== undefined && kept.accessToken !== stale) {
      this.#take(kept, undefined, false);
      return kept.accessToken;
    }
    try {
      const signedIn = await this.#options.exchange(kept.refreshToken);
      await this.save(signedIn);
      return signedIn.accessToken;
    } catch (error) {
      if (error instanceof ChatError && isRefusal(error)) {
        await this.forget("expired");
        throw signedOut(error);
      }
      throw error;
    }
  }

  async #read(): Promise<Kept | null> {
    const kept = (await this.#options.storage.get(this.#key).catch(() => this.#kept)) as Kept | undefined;
    return typeof kept?.refreshToken === "string" ? kept : null;
  }

  /** A storage that fails costs the memory of a reload, not the session. */
  async #keep(kept: Kept | null): Promise<void> {
    const { storage } = this.#options;
    await (kept ? storage.set(this.#key, kept) : storage.delete(this.#key)).catch(() => {});
  }

  #take(kept: Kept | null, reason: SignedOutReason | undefined, isLocal: boolean): void {
    if (this.isHosted) return;
    this.#kept = kept;
    this.#show(kept?.user ?? null, reason, isLocal);
  }

  #show(user: User | null, reason: SignedOutReason | undefined, isLocal: boolean): void {
    const before = this.user.get();
    if (before === null && user === null) return;
    this.user.set(user);
    if (before?.id !== user?.id) this.#options.changed(user, user ? undefined : (reason ?? "logout"), isLocal);
  }
}

/** A 4xx that will be one again, of the server itself: one of something on the way has no reason of the list. */
function isRefusal({ status = 0, reason, retryable }: ChatError): boolean {
  return status >= 400 && status < 500 && !retryable && reason !== "internal";
}

function noToken(reason: "timeout" | "internal", message: string, cause?: unknown): ChatError {
  return new ChatError({ reason, message, retryable: true, cause });
}

function signedOut(cause?: unknown): ChatError {
  return new ChatError({ reason: "unauthenticated", message: "Nobody is signed in", cause });
}

/** When a JSON Web Token ends (RFC 7519, `exp`); a token that cannot be read is asked for anew each time. */
function expiryMs(token: string): number {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const claims = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof claims.exp === "number" ? claims.exp * 1000 : 0;
  } catch {
    return 0;
  }
}
