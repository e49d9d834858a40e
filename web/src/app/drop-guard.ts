// Files dropped onto the page: there is nothing here that takes one, and the browser would open it in place of the page.

/** Lets files fall onto nothing; text and links are dropped as ever. */
export function startDropGuard(): void {
  const refuse = (event: DragEvent) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  for (const name of ["dragover", "drop"] as const) addEventListener(name, refuse);
}
