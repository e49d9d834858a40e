// The ways in and out, over REST.

import type { Auth } from "./auth.js";
import type {
  ChangePassword,
  Claim,
  CreateInvite,
  Session as DeviceSession,
  Invite,
  InviteAccepted,
  InvitePreview,
  Login,
  Register,
  UpdateMe,
  User,
} from "./contract.js";
import type { Readable } from "./readable.js";
import type { Rest } from "./rest.js";
import type { Session } from "./session.js";

/** Signing in and out of a server. */
export class Account implements Auth {
  readonly #session: Session;
  readonly #rest: Rest;

  constructor(session: Session, rest: Rest) {
    this.#session = session;
    this.#rest = rest;
  }

  get user(): Readable<User | null> {
    return this.#session.user;
  }

  restore(): Promise<User | null> {
    return this.#session.restore();
  }

  async setup(body: Claim): Promise<User> {
    return this.#session.save(await this.#rest.call("POST /auth/setup", { body }));
  }

  async register(body: Register): Promise<User> {
    return this.#session.save(await this.#rest.call("POST /auth/register", { body }));
  }

  async login(body: Login): Promise<User> {
    return this.#session.save(await this.#rest.call("POST /auth/login", { body }));
  }

  async takeOver(refreshToken: string): Promise<User> {
    return this.#session.save(await this.#rest.call("POST /auth/refresh", { body: { refreshToken } }));
  }

  async logout(): Promise<void> {
    try {
      await this.#rest.call("POST /auth/logout", {});
    } finally {
      // Whatever the server says: on this device nobody is signed in any more.
      await this.#session.forget("logout");
    }
  }

  async refresh(): Promise<void> {
    await this.#session.renew();
  }

  async me(): Promise<User> {
    return this.#session.update(await this.#rest.call("GET /auth/me", {}));
  }

  async updateMe(body: UpdateMe): Promise<User> {
    return this.#session.update(await this.#rest.call("PATCH /chat/users/me", { body }));
  }

  async changePassword(body: ChangePassword): Promise<void> {
    await this.#rest.call("PUT /auth/password", { body });
  }

  sessions(): Promise<DeviceSession[]> {
    return this.#rest.call("GET /auth/sessions", {});
  }

  async endSession(sessionId: string): Promise<void> {
    await this.#rest.call("DELETE /auth/sessions/{sessionId}", { path: { sessionId } });
  }

  createInvite(body: CreateInvite = {}): Promise<Invite> {
    return this.#rest.call("POST /auth/invites", { body });
  }

  checkInvite(code: string): Promise<InvitePreview> {
    return this.#rest.call("POST /auth/invites/check", { body: { code } });
  }

  acceptInvite(code: string): Promise<InviteAccepted> {
    return this.#rest.call("POST /auth/invites/accept", { body: { code } });
  }
}
