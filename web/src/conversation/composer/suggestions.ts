// What somebody may be about to write after `@`, `#` or `:`, the likeliest first.

/** What is being written, up to the cursor. */
export interface Trigger {
  readonly kind: "person" | "room" | "emoji";
  /** Where its mark is. */
  readonly start: number;
  readonly query: string;
}

/** Something to offer. */
export interface Suggestion {
  readonly id: string;
  /** What is inserted. */
  readonly insert: string;
  readonly title: string;
  readonly detail: string;
}

/** Something that can be found by several names, and how recently it mattered: the higher, the more recent. */
export interface Candidate extends Suggestion {
  readonly names: readonly string[];
  readonly recency: number;
}

const KINDS: Readonly<Record<string, Trigger["kind"]>> = { "@": "person", "#": "room", ":": "emoji" };
const TRIGGER = /(?:^|[\s(])([@#:])([\p{L}\p{M}\p{N}._+-]{0,40})$/u;
const LOOK_BACK_CHARS = 48;
const EMOJI_MIN_CHARS = 2;
const OFFERED_MAX = 8;

/** What is being written at a place of a text; null where nothing is to be offered. */
export function triggerAt(text: string, caret: number): Trigger | null {
  const before = text.slice(Math.max(0, caret - LOOK_BACK_CHARS), caret);
  const [, mark, query] = TRIGGER.exec(before) ?? [];
  const kind = mark === undefined ? undefined : KINDS[mark];
  if (kind === undefined || query === undefined) return null;
  if (kind === "emoji" && query.length < EMOJI_MIN_CHARS) return null;
  return { kind, start: caret - query.length - 1, query };
}

/** The best of what there is: names that begin so before those that contain it, then the most recent. */
export function rank(candidates: readonly Candidate[], query: string): Suggestion[] {
  const wanted = fold(query);
  const scored = candidates.flatMap((candidate) => {
    const score = scoreOf(candidate.names, wanted);
    return score === null ? [] : [{ candidate, score }];
  });
  scored.sort(
    (a, b) =>
      a.score - b.score ||
      b.candidate.recency - a.candidate.recency ||
      a.candidate.title.localeCompare(b.candidate.title),
  );
  return scored.slice(0, OFFERED_MAX).map(({ candidate }) => candidate);
}

/** 0: a name is that; 1: a part of a name begins so; 2: a name contains it; null: neither. */
function scoreOf(names: readonly string[], wanted: string): number | null {
  let best: number | null = wanted === "" ? 1 : null;
  for (const name of names) {
    const folded = fold(name);
    const parts = folded.split(/[\s._-]+/u);
    const score =
      folded === wanted
        ? 0
        : folded.startsWith(wanted) || parts.some((part) => part.startsWith(wanted))
          ? 1
          : folded.includes(wanted)
            ? 2
            : null;
    if (score !== null && (best === null || score < best)) best = score;
  }
  return best;
}

/** Letters without case and without what stands above or below them. */
function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
