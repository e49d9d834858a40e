// The toast of the whole page.

import { focusMain } from "./navigation.js";
import { close, toast } from "./toast.js";

export function ToastView() {
  const shown = toast.value;
  if (!shown) return null;
  const takeBack = () => {
    shown.undo();
    close();
    // The button that had the focus is gone.
    focusMain();
  };
  return (
    <section class="toasts is-page" aria-label="Just done">
      <div class="toast">
        <span>{shown.text}</span>
        <button type="button" onClick={takeBack}>
          Undo
        </button>
      </div>
    </section>
  );
}
