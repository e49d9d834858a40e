// The tile beside a name: initials on a colour that belongs to the person.

import type { Person } from "fireside-chat/store";

import { hueOf, initialsOf, nameOf } from "./names.js";

export function Tile({ person }: { person: Person }) {
  return (
    <span class="tile" aria-hidden="true" style={{ "--hue": hueOf(person.id) }}>
      {initialsOf(nameOf(person))}
    </span>
  );
}
