// Who is signed in on this device: the tokens, kept in local storage and renewed before they end.

const KEY = 'fireside.session';
const RENEW_BEFORE_MS = 60_000;

/** Nobody is signed in (any more). */
export class SignedOut extends Error {}

export class Session {
  #exchange;
  #renewing = null;

  /** `exchange(refreshToken)` asks the server for new tokens; it throws `SignedOut` when they are refused. */
  constructor(exchange) {
    this.#exchange = exchange;
  }

  /** The signed-in user as of the last sign-in, or null. */
  get user() {
    return read()?.user ?? null;
  }

  /** Keeps what a sign-in answered. */
  save({ user, accessToken, refreshToken, expiresIn }) {
    const endsAt = Date.now() + expiresIn * 1000;
    localStorage.setItem(KEY, JSON.stringify({ user, accessToken, refreshToken, endsAt }));
  }

  /** Forgets everybody. Other tabs see it too. */
  forget() {
    localStorage.removeItem(KEY);
  }

  /** An access token that is good for a while. */
  async token() {
    const kept = read();
    if (!kept) throw new SignedOut();
    return kept.endsAt - Date.now() > RENEW_BEFORE_MS ? kept.accessToken : this.renew(kept.accessToken);
  }

  /** A new access token in place of `stale`; the same one for all who ask at the same time. */
  renew(stale = read()?.accessToken) {
    this.#renewing ??= alone(() => this.#renew(stale)).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(stale) {
    const kept = read();
    if (!kept) throw new SignedOut();
    // Another tab was faster. A refresh token works once: using it again would end the session.
    if (kept.accessToken !== stale) return kept.accessToken;
    try {
      const signedIn = await this.#exchange(kept.refreshToken);
      this.save(signedIn);
      return signedIn.accessToken;
    } catch (error) {
      if (error instanceof SignedOut) this.forget();
      throw error;
    }
  }

  /** Calls back when another tab signs in or out. */
  onOtherTab(callback) {
    window.addEventListener('storage', (event) => {
      const changed = event.key === KEY || event.key === null;
      if (changed) callback(this.user);
    });
  }
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && typeof kept.accessToken === 'string' ? kept : null;
  } catch {
    return null;
  }
}

/** Runs with no other tab doing the same. Browsers have locks on secure origins only; elsewhere a note will do. */
async function alone(run) {
  if (navigator.locks) return navigator.locks.request(KEY, run);
  const NOTE = `${KEY}.renewing`;
  const mine = String(Math.random());
  for (let tries = 0; tries < 50; tries += 1) {
    const [owner, since] = (localStorage.getItem(NOTE) ?? '').split(' ');
    if (owner === mine) break;
    const isTaken = owner && Date.now() - Number(since) < 5000;
    if (!isTaken) localStorage.setItem(NOTE, `${mine} ${Date.now()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  try {
    return await run();
  } finally {
    localStorage.removeItem(NOTE);
  }
}
