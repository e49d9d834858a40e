// A text field as high as its text; how high it may become says the style sheet.

/** Makes a field as high as what is in it. */
export function growToContent(field: HTMLTextAreaElement): void {
  field.style.blockSize = 'auto';
  const borders = field.offsetHeight - field.clientHeight;
  field.style.blockSize = `${field.scrollHeight + borders}px`;
}
