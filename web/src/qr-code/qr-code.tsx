// A QR code on the page; dark on light whatever the theme is, as cameras expect it.

import { useMemo } from "preact/hooks";

import { squaresOf } from "./squares.js";

/** `label` says what it leads to, to whoever cannot see it. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => squaresOf(text), [text]);
  return (
    <svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={path} shape-rendering="crispEdges" />
    </svg>
  );
}
