// Changing a message in its row: Enter saves, Esc leaves it as it was.

import { button, h } from './dom.js';

const MAX = 10_000;

/** Whether a key event is Enter as the end of a text, not as part of composing a character. */
export const isPlainEnter = (event) =>
  event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229;

/** Lets a text box grow with its text. */
export function fit(box) {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
}

/** An editor for a message: its form, the message's id, and a way to put the cursor into it. */
export function openEditor(message, save, cancel) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const box = h('textarea', { 'aria-label': 'Message text', maxlength: MAX, dir: 'auto', rows: '1' });
  box.value = message.content;
  const form = h('form', { class: 'editor' }, box, problem, h('p', { class: 'choices' },
    h('button', { class: 'primary small' }, 'Save'),
    button('Cancel', cancel, { class: 'plain small' })));
  const submit = async () => {
    const content = box.value.trim();
    if (content === '' || content === message.content) return cancel();
    problem.textContent = '';
    try {
      await save(content);
    } catch (error) {
      problem.textContent = error.message;
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener('input', () => fit(box));
  box.addEventListener('keydown', (event) => {
    if (isPlainEnter(event)) submit();
    else if (event.key === 'Escape') cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const focus = () => {
    fit(box);
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  };
  return { id: message.id, form, focus };
}
