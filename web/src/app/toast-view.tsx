// The toast of the whole page.

import { close, toast } from "./toast.js";

export function ToastView() {
  const shown = toast.value;
  if (!shown) return null;
  const takeBack = () => {
    shown.undo();
    close();
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
