// A text field as high as its text; how high it may become says the style sheet.

/** Browsers that do it by themselves (`field-sizing`) do it without laying out the page for each key. */
const IS_BUILT_IN = CSS.supports("field-sizing", "content");

/** Makes a field as high as what is in it. */
export function growToContent(field: HTMLTextAreaElement): void {
  if (IS_BUILT_IN) return;
  field.style.blockSize = "auto";
  const borders = field.offsetHeight - field.clientHeight;
  field.style.blockSize = `${field.scrollHeight + borders}px`;
}
