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
    <div class="toasts is-page">
      <div class="toast">
        <span>{shown.text}</span>
        <button type="button" onClick={takeBack}>
          Undo
        </button>
      </div>
    </div>
  );
}
