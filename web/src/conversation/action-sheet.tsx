// What one may do with a message, on screens that are touched.

import { useEffect, useRef } from "preact/hooks";

import type { Action } from "./actions.js";
import { Icon } from "../ui/icon.js";

interface Props {
  actions: readonly Action[];
  onRun: (action: Action) => void;
  onClose: () => void;
}

export function ActionSheet({ actions, onRun, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="action-sheet"
      aria-label="Message actions"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <ul>
        {actions.map((action) => (
          <li key={action.name}>
            <button
              type="button"
              class={action.name === "delete" ? "is-danger" : undefined}
              onClick={() => {
                dialog.current?.close();
                onRun(action);
              }}
            >
              <Icon name={action.icon} /> {action.label}
            </button>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
