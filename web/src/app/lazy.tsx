// A part of the client that is loaded when it is wanted first.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

interface Props<P> {
  when: boolean;
  load: () => Promise<ComponentType<P>>;
  props?: P;
}

export function Lazy<P extends object>({ when, load, props }: Props<P>) {
  const [part, setPart] = useState<{ Part: ComponentType<P> } | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    if (!when || part) return;
    let isStale = false;
    load().then(
      (Part) => !isStale && setPart({ Part }),
      () => !isStale && setFailed(true),
    );
    return () => {
      isStale = true;
    };
  }, [when]);
  if (!when) return null;
  if (part) return <part.Part {...(props ?? ({} as P))} />;
  // Only an open page whose server has gone, or has another version by now, comes here.
  return hasFailed ? (
    <main class="notice">
      <h1>This part could not be loaded</h1>
      <button type="button" class="button" onClick={() => location.reload()}>
        Reload
      </button>
    </main>
  ) : null;
}
