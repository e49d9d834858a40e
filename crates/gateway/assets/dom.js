// Elements made by code. Text only ever becomes text: nothing here reads HTML.

/** An element with attributes, `on…` listeners, and children that are nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the symbols at the top of the page. */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(space, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A name that cannot turn the text around it, whatever its direction. */
export const bdi = (text) => h('bdi', {}, text);

/** Text for eyes that listen. */
export const unseen = (text) => h('span', { class: 'unseen' }, text);

/** A template of the page as an element tree, and its parts by their `data-part` names. */
export function instantiate(templateId) {
  const root = document.getElementById(templateId).content.cloneNode(true);
  const parts = {};
  for (const element of root.querySelectorAll('[data-part]')) parts[camel(element.dataset.part)] = element;
  return { root, parts };
}

const camel = (name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/**
 * Makes the children of `parent` those of `items`, in their order. An item keeps its element as long as it has
 * the same `key`, and with it the focus and the place on the screen. `kept` holds the elements in between.
 */
export function reconcile(parent, kept, items, make, update) {
  const keys = new Set(items.map((item) => item.key));
  for (const [key, element] of kept) {
    if (keys.has(key)) continue;
    element.remove();
    kept.delete(key);
  }
  let next = parent.firstChild;
  for (const item of items) {
    const element = kept.get(item.key) ?? make(item);
    kept.set(item.key, element);
    update(element, item);
    if (element === next) next = next.nextSibling;
    else parent.insertBefore(element, next);
  }
}

/** A button with text. */
export const button = (text, onclick, attributes = {}) => h('button', { type: 'button', onclick, ...attributes }, text);

/** A button with a symbol and a name for it. */
export const iconButton = (name, label, onclick, attributes = {}) =>
  h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...attributes }, icon(name));

/** A modal dialog with a title; it takes itself out of the page when it closes. */
export function openDialog(title, ...content) {
  const back = document.activeElement;
  const close = iconButton('close', 'Close', () => dialog.close());
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' },
    h('div', { class: 'dialog-head' }, h('h2', { id: 'dialog-title' }, title), close), ...content);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (back?.isConnected) back.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
