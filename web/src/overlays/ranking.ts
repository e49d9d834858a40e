// Which places fit what one types, the best first.

const collator = new Intl.Collator(undefined, { sensitivity: "base" });

/** Something to jump to. */
export interface Candidate {
  readonly key: string;
  readonly label: string;
  /** Further words it is found by. */
  readonly detail: string;
}

/** Small letters without their marks: `Björn` is found by `bjorn`. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/**
 * Candidates that fit, the best first: the beginning of the label before the beginning of one of its words, before any
 * part of it, before the detail. Among equals those one was in last come first.
 */
export function ranked<T extends Candidate>(
  candidates: readonly T[],
  query: string,
  recents: readonly string[],
): readonly T[] {
  const wanted = folded(query.trim());
  const recency = new Map(recents.map((key, index) => [key, index]));
  const recencyOf = ({ key }: T) => recency.get(key) ?? recents.length;
  return candidates
    .map((candidate) => ({ candidate, fit: fitOf(candidate, wanted) }))
    .filter(({ fit }) => fit > 0)
    .toSorted(
      (a, b) =>
        b.fit - a.fit ||
        recencyOf(a.candidate) - recencyOf(b.candidate) ||
        collator.compare(a.candidate.label, b.candidate.label),
    )
    .map(({ candidate }) => candidate);
}

function fitOf({ label, detail }: Candidate, wanted: string): number {
  if (wanted === "") return 1;
  const name = folded(label);
  if (name.startsWith(wanted)) return 4;
  if (name.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted))) return 3;
  if (name.includes(wanted)) return 2;
  return folded(detail).includes(wanted) ? 1 : 0;
}
