// The database at the start: what the server must not run on.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch } from '../servers.mjs';

/** Calls `use` with a folder of its own. */
async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'fireside-bad-inputs-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An empty SQLite database, byte by byte (sqlite.org/fileformat.html). */
function emptyDatabase() {
  const page = Buffer.alloc(4096);
  page.write('SQLite format 3\0');
  page.writeUInt16BE(4096, 16);
  page.set([1, 1, 0, 64, 32, 32], 18);
  for (const [value, at] of [[1, 24], [1, 28], [4, 44], [1, 56], [1, 92], [3_051_003, 96]]) page.writeUInt32BE(value, at);
  page.writeUInt8(13, 100);
  page.writeUInt16BE(4096, 105);
  return page;
}

/** Starts on a database file with this content; what came of it. */
const startOn = (content) => inFolder(async (folder) => {
  const file = join(folder, 'chat.db');
  writeFileSync(file, content);
  const server = launch(join(folder, 'data'), { FIRESIDE_DATABASE_URL: `sqlite:${file}` });
  const ended = await server.startsOrEnds();
  await server.kill();
  return ended;
});

export default {
  B01: {
    title: 'a database that is not safe to use',
    on: null,
    note: 'here what SQLite files can be; unsafe settings of PostgreSQL and SQLite are tested in crates/db (postgres_safety, sqlite_file)',
    async run() {
      const files = {
        'no database': Buffer.from('this is not a database, but a text file that is long enough to look like one'.repeat(20)),
        'a torn head': emptyDatabase().subarray(0, 60),
        'a page of noise': Buffer.concat([emptyDatabase().subarray(0, 100), Buffer.alloc(3996, 0xa5)]),
      };
      for (const [what, content] of Object.entries(files)) {
        const ended = await startOn(content);
        assert.ok(ended.code > 0, `${what}: the server started: ${ended.output}`);
        assert.doesNotMatch(ended.output, /panicked/u, what);
        assert.match(ended.output, /chat\.db|database/iu, `${what}: it does not say why`);
      }
      const good = await startOn(emptyDatabase());
      assert.equal(good.code, null, `an empty database is refused: ${good.output}`);
    },
  },
  B02: {
    title: 'migrations at once, broken off, and two servers on one folder',
    on: null,
    note: 'an older program on a newer schema is tested in crates/db (migrations)',
    run: () => inFolder(async (folder) => {
      for (const delayMs of [5, 20, 60]) {
        const broken = launch(folder);
        await new Promise((done) => { setTimeout(done, delayMs); });
        await broken.kill();
      }
      const servers = [1, 2, 3].map(() => launch(folder));
      const ended = await Promise.all(servers.map((server) => server.startsOrEnds()));
      await Promise.all(servers.map((server) => server.kill()));
      assert.deepEqual(ended.map((one) => one.code).sort(), [3, 3, null], JSON.stringify(ended));
      for (const { code, output } of ended) if (code === 3) assert.match(output, /in use/u);
      const again = launch(folder);
      assert.equal((await again.startsOrEnds()).code, null, 'what was broken off cannot be taken up');
      await again.kill();
    }),
  },
};
