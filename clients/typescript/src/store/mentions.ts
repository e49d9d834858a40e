// Whether a text names somebody.

/**
 * A test for `@username` as a whole word, in whatever case. A full stop after the name ends a sentence; one inside
 * belongs to a longer name.
 */
export function mentionOf(username: string): (text: string) => boolean {
  const name = username.replace(/[.*+?^${}()|[\]\\-]/gu, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_.-])@${name}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`, "iu");
  return (text) => text.includes("@") && pattern.test(text);
}
