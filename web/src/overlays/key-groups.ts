// What the keys do, in words.

interface KeyGroup {
  readonly title: string;
  readonly keys: readonly (readonly [chord: string, does: string])[];
}

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: "Everywhere",
    keys: [
      ["Ctrl K", "Jump to a room or person"],
      ["Ctrl /", "This sheet"],
      ["Alt ↑", "Room above"],
      ["Alt ↓", "Room below"],
      ["Alt Shift ↑", "Unread room above"],
      ["Alt Shift ↓", "Unread room below"],
      ["Alt A", "Next mention, else next unread"],
      ["Ctrl .", "People of the room"],
      ["Shift Esc", "Mark everything read"],
      ["Ctrl F6", "Next part of the screen"],
      ["Esc", "Close; mark the room read"],
    ],
  },
  {
    title: "Writing",
    keys: [
      ["Enter", "Send"],
      ["Ctrl Enter", "Send, whatever Enter does"],
      ["Shift Enter", "New line"],
      ["↑", "Edit the last message, in an empty field"],
      ["Ctrl B", "Bold"],
      ["Ctrl I", "Italic"],
      ["Ctrl Shift X", "Struck through"],
      ["Ctrl E", "Code"],
      ["Ctrl Shift C", "Block of code"],
      ["Ctrl K", "Link, with words selected"],
      ["Tab", "Take the suggestion"],
    ],
  },
  {
    title: "In the list of messages",
    keys: [
      ["↑", "Message above (also k)"],
      ["↓", "Message below (also j)"],
      ["Home End", "First and last message"],
      ["Enter", "What can be done with it"],
      ["e", "Edit"],
      ["q", "Quote"],
      ["y", "Copy its text"],
      ["u", "Mark unread from here"],
      ["c", "Copy its link"],
      ["Del", "Delete"],
      ["/", "Write"],
    ],
  },
];
