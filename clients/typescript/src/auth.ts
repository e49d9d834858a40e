// Who is signed in on this device, and the ways in and out.

import type {
  ChangePassword,
  Claim,
  CreateInvite,
  Invite,
  InviteAccepted,
  InvitePreview,
  Login,
  Register,
  Session,
  UpdateMe,
  User,
} from "./contract.js";
import type { Readable } from "./readable.js";

/** Why nobody is signed in any more: `logout` here, or as the server said it. */
export type SignedOutReason = "logout" | "revoked" | "expired" | "disabled";

/** Signing in and out. Where the host application gives tokens (`token`), only `user`, `me` and `updateMe` are of use. */
export interface Auth {
  /** Who is signed in; null where nobody is. The same in all tabs. */
  readonly user: Readable<User | null>;
  /** Reads who signed in here before; no request. `user` is right from then on. */
  restore(): Promise<User | null>;
  /** Becomes the first administrator of a new server. */
  setup(fields: Claim): Promise<User>;
  /** Makes an account and signs in. */
  register(fields: Register): Promise<User>;
  /** Signs in with a password. */
  login(fields: Login): Promise<User>;
  /** Takes over a session that was opened elsewhere and handed out as its refresh token, which works once. */
  takeOver(refreshToken: string): Promise<User>;
  /** Ends the session here and on the server, and forgets everything that was kept for it. */
  logout(): Promise<void>;
  /** Exchanges the refresh token now. It happens by itself before the access token ends. */
  refresh(): Promise<void>;
  /** One's own profile, fresh from the server. */
  me(): Promise<User>;
  /** Changes one's own profile. */
  updateMe(fields: UpdateMe): Promise<User>;
  /** Changes one's password; every other session ends. */
  changePassword(fields: ChangePassword): Promise<void>;
  /** One's signed-in devices. */
  sessions(): Promise<Session[]>;
  /** Signs one device out. */
  endSession(sessionId: string): Promise<void>;
  /** Makes an invite to the server. */
  createInvite(fields?: CreateInvite): Promise<Invite>;
  /** What an invite leads to, also for who is not signed in. */
  checkInvite(code: string): Promise<InvitePreview>;
  /** Joins the room of an invite with the account one has. */
  acceptInvite(code: string): Promise<InviteAccepted>;
}
