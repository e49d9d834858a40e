// The edge of the list of rooms: dragged or moved by keys it sets the width, Enter folds the list away.

import { useRef } from "preact/hooks";

import { prefer, preferences, SIDEBAR_PX } from "../app/preferences.js";

const STEP_PX = 16;

export function SidebarEdge() {
  const { sidebarPx } = preferences.value;
  const edge = useRef<HTMLDivElement>(null);
  const dragged = (event: PointerEvent) => {
    const list = edge.current?.parentElement?.getBoundingClientRect();
    if (!list || !edge.current?.hasPointerCapture(event.pointerId)) return;
    const isRightToLeft = getComputedStyle(edge.current).direction === "rtl";
    resize(isRightToLeft ? list.right - event.clientX : event.clientX - list.left);
  };
  const pressed = (event: KeyboardEvent) => {
    const isRightToLeft = getComputedStyle(event.currentTarget as Element).direction === "rtl";
    const wider = isRightToLeft ? "ArrowLeft" : "ArrowRight";
    const narrower = isRightToLeft ? "ArrowRight" : "ArrowLeft";
    if (event.key === wider) resize(sidebarPx + STEP_PX);
    else if (event.key === narrower) resize(sidebarPx - STEP_PX);
    else if (event.key === "Home") resize(SIDEBAR_PX.min);
    else if (event.key === "End") resize(SIDEBAR_PX.max);
    else if (event.key === "Enter") foldSidebar(true);
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      ref={edge}
      class="sidebar-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the list of rooms"
      aria-valuenow={sidebarPx}
      aria-valuemin={SIDEBAR_PX.min}
      aria-valuemax={SIDEBAR_PX.max}
      tabIndex={0}
      onPointerDown={(event) => event.button === 0 && edge.current?.setPointerCapture(event.pointerId)}
      onPointerMove={dragged}
      onDblClick={() => resize(SIDEBAR_PX.normal)}
      onKeyDown={pressed}
    />
  );
}

/** Folds the list of rooms away, or back; the focus goes to what undoes it. */
export function foldSidebar(isSidebarFolded: boolean): void {
  prefer({ isSidebarFolded });
  requestAnimationFrame(() => document.querySelector<HTMLElement>(".sidebar-fold")?.focus());
}

function resize(wantedPx: number): void {
  const sidebarPx = Math.round(Math.min(SIDEBAR_PX.max, Math.max(SIDEBAR_PX.min, wantedPx)));
  if (sidebarPx !== preferences.peek().sidebarPx) prefer({ sidebarPx });
}
