// All keys on one sheet.

import { Fragment } from "preact";

import { Dialog } from "../ui/dialog.js";
import { KEY_GROUPS } from "./key-groups.js";

export function KeysSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" class="is-wide" onClose={onClose}>
      <KeyList />
    </Dialog>
  );
}

export function KeyList() {
  return (
    <div class="key-groups">
      {KEY_GROUPS.map(({ title, keys }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl class="key-list">
            {keys.map(([chord, does]) => (
              <Fragment key={chord}>
                <dt>
                  {chord.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
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
