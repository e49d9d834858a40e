// Tokens of a host application: JSON Web Tokens signed with HS256, as the server trusts them by FIRESIDE_JWT_SECRET.

import { createHmac } from 'node:crypto';

import { SECRET } from './server.mjs';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signed token; `claims` may overwrite the time it ends at. */
export function signToken(claims, secret = SECRET) {
  const now = Math.floor(Date.now() / 1000);
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iat: now, exp: now + 3600, ...claims })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
