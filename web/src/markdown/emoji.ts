// Whether a message is nothing but emoji.

const LARGE_MAX = 3;
const PICTURE = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3)/u;
/** The longest emoji are families and flags of regions: a dozen code points. */
const TEXT_MAX = LARGE_MAX * 40;

/** Whether a text is one to three emoji and nothing else. */
export function isOnlyEmoji(text: string): boolean {
  const flat = text.replace(/\s+/gu, "");
  if (flat === "" || flat.length > TEXT_MAX) return false;
  const graphemes = [...new Intl.Segmenter().segment(flat)];
  return graphemes.length <= LARGE_MAX && graphemes.every(({ segment }) => PICTURE.test(segment));
}
