// Addresses in messages: which may be followed, and where one written bare in a text ends.

const ALLOWED = /^(?:https?:\/\/[^/?#\\]|mailto:[^?#])/iu;
/** Blanks, controls, and characters that turn or hide text: an address with one of them shows something else than it is. */
const DECEPTIVE = /[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const ADDRESS_MAX_CHARS = 2048;
/** Where a bare address ends, wherever it is in its text. */
const END = /[\s<>"`\p{Cc}\p{Cf}]|\]\(/gu;
/** What closes a sentence or a mark of style is no part of the address before it. */
const TRAILING = new Set(".,:;!?'\"*_~|)]}…。，、）」』");

/** The address if a link may lead there, else null. */
export function allowedAddress(address: string): string | null {
  if (address.length > ADDRESS_MAX_CHARS || !ALLOWED.test(address) || DECEPTIVE.test(address)) return null;
  return URL.canParse(address) ? address : null;
}

/** Where the bare address that starts at `start` ends. A closing parenthesis counts when its opening one is inside. */
export function endOfAddress(text: string, start: number): number {
  END.lastIndex = start;
  let end = END.exec(text)?.index ?? text.length;
  let surplus = 0;
  for (let at = start; at < end; at += 1) {
    if (text[at] === "(") surplus -= 1;
    else if (text[at] === ")") surplus += 1;
  }
  while (end > start && TRAILING.has(text.charAt(end - 1))) {
    if (text[end - 1] === ")") {
      if (surplus <= 0) break;
      surplus -= 1;
    }
    end -= 1;
  }
  return end;
}

/** Whether a link's words name another host than the one it leads to. */
export function isDisguised(words: string, href: string): boolean {
  const named = /^\s*(?:https?:\/\/)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?=[/:?#\s]|$)/iu.exec(
    words.slice(0, ADDRESS_MAX_CHARS),
  );
  if (!named?.[1] || !/^https?:/iu.test(href)) return false;
  const host = new URL(href).hostname;
  const claimed = URL.canParse(`http://${named[1]}`) ? new URL(`http://${named[1]}`).hostname : named[1];
  const bare = (name: string) => name.replace(/^www\./u, "");
  return bare(host) !== bare(claimed);
}
