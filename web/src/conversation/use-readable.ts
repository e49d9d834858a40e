// A value of the store inside a component.

import type { Readable } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

/** The value now; the component is drawn again when it changes. */
export function useReadable<T>(readable: Readable<T>): T {
  const [, redraw] = useState({});
  const shown = readable.get();
  useEffect(() => {
    // It may have changed between drawing and listening.
    if (readable.get() !== shown) redraw({});
    return readable.subscribe(() => redraw({}));
  }, [readable]);
  return shown;
}
