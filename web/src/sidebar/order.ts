// A list that keeps its order while somebody points at it: nothing moves away under the pointer.

import { useRef } from "preact/hooks";

/** What `wanted` looks like in the order of `shown`: what is new comes last, what is gone is left out. */
export function inOrderOf<T extends { key: string }>(wanted: readonly T[], shown: readonly string[]): readonly T[] {
  const rank = new Map(shown.map((key, index) => [key, index]));
  const rankOf = (item: T) => rank.get(item.key) ?? shown.length;
  return wanted.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** The list in the order it had when `isFrozen` began. */
export function useFrozenOrder<T extends { key: string }>(wanted: readonly T[], isFrozen: boolean): readonly T[] {
  const shown = useRef<string[]>([]);
  const list = isFrozen ? inOrderOf(wanted, shown.current) : wanted;
  shown.current = list.map(({ key }) => key);
  return list;
}
