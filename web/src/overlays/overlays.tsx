// The dialogs over the screen, loaded when the first of them is wanted.

import { overlay } from "../app/overlay.js";
import { CreateRoom } from "./create-room.js";
import { Invite } from "./invite.js";
import { KeysSheet } from "./keys-sheet.js";
import { NewDirect } from "./new-direct.js";
import { Switcher } from "./switcher.js";

const DIALOGS = {
  switcher: Switcher,
  keys: KeysSheet,
  "create-room": CreateRoom,
  "new-direct": NewDirect,
  invite: Invite,
} as const;

export function Overlays() {
  const open = overlay.value;
  if (!open) return null;
  const Open = DIALOGS[open];
  return <Open key={open} onClose={() => (overlay.value = null)} />;
}
