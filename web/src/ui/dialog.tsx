// A dialog over everything: focus goes in when it opens and back when it closes, as browsers do for `dialog`.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { useServices } from "../app/services.js";
import { Icon } from "./icon.js";

interface Props {
  title: string;
  /** Without one the dialog has no visible heading. */
  hasHead?: boolean;
  class?: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, hasHead = true, class: name = "", onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { announcer } = useServices();
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    element.showModal();
    // Outside of a modal dialog nothing is heard.
    announcer.moveTo(element);
    return () => announcer.moveTo(document.body);
  }, [announcer]);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${name}`}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      {hasHead && (
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </header>
      )}
      {children}
    </dialog>
  );
}
