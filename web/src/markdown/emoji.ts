// Emoji by their short names, the few that people type; and whether a message is nothing else.

const EMOJI: Readonly<Record<string, string>> = {
  "+1": "👍",
  thumbsup: "👍",
  "-1": "👎",
  thumbsdown: "👎",
  ok_hand: "👌",
  clap: "👏",
  wave: "👋",
  pray: "🙏",
  muscle: "💪",
  raised_hands: "🙌",
  point_up: "☝️",
  eyes: "👀",
  heart: "❤️",
  broken_heart: "💔",
  fire: "🔥",
  tada: "🎉",
  sparkles: "✨",
  star: "⭐",
  rocket: "🚀",
  bulb: "💡",
  warning: "⚠️",
  white_check_mark: "✅",
  check: "✅",
  x: "❌",
  question: "❓",
  exclamation: "❗",
  bug: "🐛",
  wrench: "🔧",
  lock: "🔒",
  key: "🔑",
  bell: "🔔",
  pin: "📌",
  calendar: "📅",
  coffee: "☕",
  tea: "🍵",
  cake: "🍰",
  pizza: "🍕",
  beer: "🍺",
  sun: "☀️",
  cloud: "☁️",
  rain: "🌧️",
  snowflake: "❄️",
  boat: "⛵",
  ship: "🚢",
  anchor: "⚓",
  cat: "🐱",
  dog: "🐶",
  smile: "😄",
  grin: "😁",
  joy: "😂",
  laughing: "😆",
  wink: "😉",
  blush: "😊",
  thinking: "🤔",
  sweat_smile: "😅",
  cry: "😢",
  sob: "😭",
  angry: "😠",
  sunglasses: "😎",
  heart_eyes: "😍",
  shrug: "🤷",
  facepalm: "🤦",
  party: "🥳",
  skull: "💀",
  "100": "💯",
};

const LARGE_MAX = 3;
const PICTURE = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u;
/** The longest emoji are families and flags of regions: a dozen code points. */
const TEXT_MAX = LARGE_MAX * 40;

/** The emoji of a short name; null where there is none. */
export function emojiOf(name: string): string | null {
  return Object.hasOwn(EMOJI, name) ? (EMOJI[name] ?? null) : null;
}

/** Names that begin like this, the shortest first. */
export function emojiStarting(prefix: string): { name: string; emoji: string }[] {
  const names = Object.keys(EMOJI).filter((name) => name.startsWith(prefix));
  return names.sort((a, b) => a.length - b.length).map((name) => ({ name, emoji: EMOJI[name] ?? "" }));
}

/** Whether a text is one to three emoji and nothing else. */
export function isOnlyEmoji(text: string): boolean {
  const flat = text.replace(/\s+/gu, "");
  if (flat === "" || flat.length > TEXT_MAX) return false;
  const graphemes = [...new Intl.Segmenter().segment(flat)];
  return graphemes.length <= LARGE_MAX && graphemes.every(({ segment }) => PICTURE.test(segment));
}
