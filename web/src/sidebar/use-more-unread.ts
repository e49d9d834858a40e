// Whether something unread hides below the end of a list that scrolls.

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The first unread link below what one sees of the list; null where there is none. `state` changes with the list. */
export function useMoreUnread(scroller: RefObject<HTMLElement | null>, state: unknown): HTMLElement | null {
  const [hidden, setHidden] = useState<HTMLElement | null>(null);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => {
      const end = element.getBoundingClientRect().bottom;
      const unread = [...element.querySelectorAll<HTMLElement>(".is-unread")];
      const below = unread.filter((link) => link.getBoundingClientRect().top > end - 8);
      setHidden(below.length > 0 ? (below[0] ?? null) : null);
    };
    look();
    const ending = new AbortController();
    element.addEventListener("scroll", look, { passive: true, signal: ending.signal });
    addEventListener("resize", look, { signal: ending.signal });
    return () => ending.abort();
  }, [state]);
  return hidden;
}
