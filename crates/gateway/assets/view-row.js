// One row of the timeline: who, when, what, and what one may do with it.

import { bdi, button, h, iconButton } from './dom.js';
import { FAILED, RETRYING, SENDING, WAITING } from './outbox.js';
import { clockTime, dayLabel, fullTime, nameOf, textNodes, tile } from './text.js';

const STATES = {
  [WAITING]: 'Waiting for connection',
  [SENDING]: 'Sending…',
  [RETRYING]: 'Still trying…',
};

/** An empty element for a row. */
export function makeRow(row) {
  if (row.kind === 'day') return h('h2', { class: 'day' }, dayLabel(row.ms));
  if (row.kind === 'new') return h('p', { class: 'new' }, h('span', {}, 'New'));
  return h('article', { class: 'row', tabindex: '-1' });
}

/**
 * Fills a row, if what it shows has changed. `may` says what the reader may do with a message, and `actions`
 * does it: `edit`, `delete`, `retry`, `drop`.
 */
export function updateRow(element, row, { me, may, actions, editor }) {
  if (row.kind !== 'message') return;
  const { message, isStart } = row;
  const allowed = message.entry ? {} : may(message);
  const isEdited = editor?.id === message.id && message.id !== null;
  const signature = [message.id, message.rev, message.entry?.state, isStart, nameOf(message.sender), allowed.edit, allowed.delete, isEdited].join(' ');
  if (element.dataset.shown === signature) return;
  element.dataset.shown = signature;
  element.dataset.id = message.id ?? '';
  element.className = ['row', isStart && 'is-start', message.isSystem && 'is-system', message.entry && `is-${message.entry.state}`].filter(Boolean).join(' ');
  element.setAttribute('aria-label', `${nameOf(message.sender)}, ${clockTime(message.createdMs)}`);
  element.replaceChildren(
    ...(isStart ? [tile(message.sender), author(message, me)] : []),
    when(message),
    isEdited ? editor.form : content(message),
    ...(message.entry ? [state(message.entry, actions)] : []),
    ...(isEdited ? [] : tools(message, allowed, actions)),
  );
}

function author(message, me) {
  const own = message.senderId === me.id ? ' (you)' : '';
  return h('p', { class: 'author' }, bdi(nameOf(message.sender)), own);
}

function when(message) {
  const iso = new Date(message.createdMs).toISOString();
  return h('time', { class: 'when', datetime: iso, title: fullTime(message.createdMs) }, clockTime(message.createdMs));
}

function content(message) {
  const edited = message.isEdited ? [' ', h('span', { class: 'edited' }, '(edited)')] : [];
  return h('div', { class: 'text', dir: 'auto' }, ...textNodes(message.content), ...edited);
}

function state(entry, actions) {
  if (entry.state !== FAILED) {
    const giveUp = entry.state === SENDING ? null : button('Delete', () => actions.drop(entry), { class: 'link' });
    return h('p', { class: 'state' }, STATES[entry.state], ' ', giveUp);
  }
  const copy = navigator.clipboard && button('Copy', () => navigator.clipboard.writeText(entry.content), { class: 'link' });
  return h('p', { class: 'state' }, h('strong', {}, 'Not sent. '), `${entry.reason} `,
    button('Retry', () => actions.retry(entry), { class: 'link' }), ' ', copy, ' ',
    button('Delete', () => actions.drop(entry), { class: 'link' }));
}

function tools(message, allowed, actions) {
  const buttons = [
    allowed.edit && iconButton('edit', 'Edit message', () => actions.edit(message), { tabindex: '-1' }),
    allowed.delete && iconButton('delete', 'Delete message', () => actions.delete(message), { tabindex: '-1' }),
  ].filter(Boolean);
  return buttons.length === 0 ? [] : [h('div', { class: 'tools' }, ...buttons)];
}
