// The keyboard on the screen of iOS lies over the page: this makes the page end above it.

/** Keeps `--keyboard` at what the keyboard covers of the page, in pixels. Other systems shrink the page by themselves. */
export function startKeyboardInset(): void {
  const view = window.visualViewport;
  if (!view) return;
  const update = () => {
    // Zoomed in, the visible part is small for another reason.
    const coveredPx = view.scale > 1 ? 0 : Math.max(0, Math.round(innerHeight - view.height));
    document.documentElement.style.setProperty("--keyboard", `${coveredPx}px`);
    // iOS also moves the page up to show the field, which needs no showing now.
    if (coveredPx > 0) scrollTo(0, 0);
  };
  view.addEventListener("resize", update);
}
