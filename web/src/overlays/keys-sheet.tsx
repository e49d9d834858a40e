// All keys on one sheet.

import { Fragment } from "preact";

import { keyName } from "../app/key-name.js";
import { Dialog } from "../ui/dialog.js";
import { KEY_GROUPS } from "./key-groups.js";

export function KeysSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" class="is-wide" onClose={onClose}>
      <KeyList heading="h3" />
    </Dialog>
  );
}

/** `heading`: the level below that of what it stands in. */
export function KeyList({ heading: Heading }: { heading: "h2" | "h3" }) {
  return (
    <div class="key-groups">
      {KEY_GROUPS.map(({ title, keys }) => (
        <section key={title}>
          <Heading>{title}</Heading>
          <dl class="key-list">
            {keys.map(([chord, does]) => (
              <Fragment key={chord}>
                <dt>
                  {chord.split(" ").map((key) => (
                    <kbd key={key}>{keyName(key)}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
