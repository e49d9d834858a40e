// A dialog over everything: focus goes in when it opens and back when it closes, as browsers do for `dialog`.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

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
  const isClosed = useRef(false);
  // At once: what is typed right after the key that opens it belongs into it, not into what lies below.
  useLayoutEffect(() => {
    const element = dialog.current;
    if (!element) return;
    element.showModal();
    // Browsers would begin with the button that closes it.
    element.querySelector<HTMLElement>("input, select, textarea")?.focus();
    // Outside of a modal dialog nothing is heard.
    announcer.moveTo(element);
    return () => announcer.moveTo(document.body);
  }, [announcer]);
  // The browser tells of the end only a moment later, and by then another dialog may be wanted.
  const close = () => {
    if (isClosed.current) return;
    isClosed.current = true;
    dialog.current?.close();
    onClose();
  };
  return (
    <dialog
      ref={dialog}
      class={`dialog ${name}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      {hasHead && (
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close}>
            <Icon name="close" />
          </button>
        </header>
      )}
      {children}
    </dialog>
  );
}
