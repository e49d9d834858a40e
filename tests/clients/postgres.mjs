// A database of one's own in the PostgreSQL of the test run.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** Where that PostgreSQL is; nothing where there is none. */
export const POSTGRES = process.env.FIRESIDE_TEST_POSTGRES_URL;

/** Makes an empty database; its address. */
export async function newDatabase() {
  const address = new URL(POSTGRES);
  const name = `clients_${randomBytes(8).toString('hex')}`;
  const env = {
    ...process.env,
    PGHOST: address.hostname,
    PGPORT: address.port,
    PGUSER: decodeURIComponent(address.username),
    PGPASSWORD: decodeURIComponent(address.password),
    PGDATABASE: address.pathname.slice(1),
  };
  await promisify(execFile)('psql', ['--no-psqlrc', '--quiet', '--command', `CREATE DATABASE ${name}`], { env });
  address.pathname = `/${name}`;
  return address.href;
}
