// What the server says, as a sentence.

/** Fields that are called otherwise on the screen. */
const LABELS: Readonly<Record<string, string>> = { displayName: "Name", description: "Topic" };

/** Of a field the server says only what is wanted of it, such as `at least 8 characters`: then its name comes first. */
export function sentence(text: string, field?: string): string {
  const ended = text === "" || /[.!?]$/u.test(text) ? text : `${text}.`;
  if (field === undefined || !/^\p{Ll}/u.test(ended)) return capitalized(ended);
  const words = field.replace(/[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`);
  return `${LABELS[field] ?? capitalized(words)}${ended.startsWith("must ") ? "" : ":"} ${ended}`;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
