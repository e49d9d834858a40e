// A small workspace with something of everything: what screens are looked at with.

import type { Chat } from "../../../clients/typescript/src/index.js";
import type { House } from "./house.js";

/** Who lives in it. */
export interface Harbour {
  readonly ada: Chat;
  readonly bjorn: Chat;
  readonly chioma: Chat;
}

const EARLIER: readonly (readonly [keyof Harbour, string])[] = [
  ["chioma", "Tide feed is 40 s late since the switch. I have a fix in `tide/poll.rs`, can someone look?"],
  ["chioma", "```rust\nlet next = now + interval.min(MAX_WAIT);\nqueue.push(Reverse(next));\n```"],
  ["bjorn", "Looks right to me. Does it need a backfill for last night?"],
  ["ada", "On it. Merging now, see [the runbook](https://example.org/runbook)."],
  ["bjorn", "مرحبا بالعالم! هذا نص من اليمين إلى اليسار."],
];
const UNREAD: readonly (readonly [keyof Harbour, string])[] = [
  ["chioma", "@ada **Firing:** tide_lag_seconds > 30 on `quay-2`"],
  ["bjorn", "Thanks everybody. The feed is back to two seconds."],
  ["bjorn", "🎉🚢"],
];

/** Fills a new server; Ada has read some of it. */
export async function settle(house: House): Promise<Harbour> {
  const people: Harbour = {
    ada: await house.person("ada", "Ada Lovelace"),
    bjorn: await house.person("bjorn", "Björn Lind"),
    chioma: await house.person("chioma", "Chioma Eze"),
  };
  const { ada, bjorn, chioma } = people;
  const harbour = await ada.rooms.create({ name: "Harbour", description: "Boats, berths and the tide API." });
  const deploys = await ada.rooms.create({ name: "Deploys", description: "What goes out, and when." });
  await ada.rooms.create({ name: "Empty pier" });
  await ada.rooms.create({ name: "Captains", isPrivate: true });
  await chioma.rooms.create({ name: "Tea and code", description: "Anything but work." });
  for (const user of [bjorn, chioma]) {
    await user.room(harbour.roomId).join();
    await user.room(deploys.roomId).join();
  }
  const say = async (what: typeof EARLIER) => {
    for (const [who, text] of what) await people[who].room(harbour.roomId).send(text).delivered();
  };
  await say(EARLIER);
  const [newest] = (await ada.room(harbour.roomId).messages.page({ limit: 1 })).items;
  if (newest) await ada.room(harbour.roomId).markRead({ seq: newest.seq });
  await say(UNREAD);
  await bjorn.room(deploys.roomId).send("@ada 2.4 is ready, may I?").delivered();
  const me = ada.auth.user.get()?.id ?? "";
  await bjorn.direct(me).send("Coffee at four?").delivered();
  return people;
}
