// Where one is, as the address says: `#/r/<room>`, `#/d/<person>`, `#/browse`; and the two links that lead in.

const REF = /^[A-Za-z0-9._:@-]{1,64}$/u;
const KINDS = { r: 'room', d: 'dm' };

/** What a fragment asks for. Whatever cannot be read leads home. */
export function readAddress(fragment) {
  const [, kind, ref, ...rest] = fragment.replace(/^#/u, '').split('/');
  if (kind === 'browse' && ref === undefined) return { kind: 'browse' };
  if (Object.hasOwn(KINDS, kind ?? '') && REF.test(ref ?? '') && rest.length === 0) return { kind: KINDS[kind], ref };
  return { kind: 'home' };
}

/** The fragment of a room, by its slug. */
export const roomAddress = (slug) => `#/r/${slug}`;

/** The fragment of the conversation with someone, by username. */
export const personAddress = (username) => `#/d/${username}`;

/** A link with which someone can sign up. */
export const inviteLink = (code) => `${location.origin}/join/${code}`;

/** The code of an invite link that was followed (`/join/<code>`); empty where there was none. */
export function inviteCode() {
  const [, code] = /^\/join\/([A-Za-z0-9._~-]{1,128})$/u.exec(location.pathname) ?? [];
  return code ?? '';
}

/** The token of the link that a new server prints (`/setup#token=…`), or null. */
export function setupToken() {
  if (location.pathname !== '/setup') return null;
  return new URLSearchParams(location.hash.replace(/^#/u, '')).get('token') ?? '';
}
