// Small questions: a new room, someone to talk to, who is in a room, an invite, a deletion.

import { inviteLink, personAddress, roomAddress } from './address.js';
import { bdi, button, h, openDialog, unseen } from './dom.js';
import { nameOf, tile } from './text.js';

/** A form in a dialog; `submit` may throw, and its words are shown. */
function form(fields, label, submit) {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const send = h('button', { class: 'primary' }, label);
  const element = h('form', {}, ...fields, problem, send);
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = '';
    try {
      await submit(new FormData(element));
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      send.disabled = false;
    }
  });
  return element;
}

const field = (id, label, input) => h('div', { class: 'field' }, h('label', { for: id }, label), input);

/** Asks for a room's name and makes it. */
export function askForRoom(directory) {
  const dialog = openDialog('Create a room', form([
    field('room-name', 'Name', h('input', { id: 'room-name', name: 'name', required: true, maxlength: '100', autocomplete: 'off', dir: 'auto', autofocus: true })),
    field('room-about', 'What it is about (optional)', h('input', { id: 'room-about', name: 'description', maxlength: '2000', autocomplete: 'off', dir: 'auto' })),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'isPrivate' }), 'Private: only people who are added can see it'),
  ], 'Create', async (data) => {
    const description = data.get('description').trim();
    const room = await directory.create({
      name: data.get('name').trim(),
      ...(description ? { description } : {}),
      isPrivate: data.get('isPrivate') === 'on',
    });
    dialog.close();
    location.hash = roomAddress(room.slug);
  }));
}

/** Asks for someone's username and opens the conversation with them. */
export function askForPerson(directory, me) {
  const found = h('ul', { class: 'people' });
  const input = h('input', { id: 'person', name: 'username', required: true, maxlength: '64', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', autofocus: true });
  const open = (person) => {
    dialog.close();
    location.hash = personAddress(person.username);
  };
  let asked = 0;
  input.addEventListener('input', async () => {
    const turn = (asked += 1);
    const query = input.value.trim();
    const people = query === '' ? [] : await directory.findPeople(query).catch(() => []);
    if (turn !== asked) return;
    const others = people.filter((person) => person.id !== me.id);
    found.replaceChildren(...others.map((person) => h('li', {}, personButton(person, () => open(person)))));
  });
  const dialog = openDialog('Message someone', form([field('person', 'Username', input)], 'Open', async (data) => {
    const person = await directory.findPerson(data.get('username').trim());
    if (person.id === me.id) throw new Error('That is you.');
    open(person);
  }), found);
}

function personButton(person, onclick) {
  return button(h('span', { class: 'person' }, tile(person), h('span', { class: 'name' }, bdi(nameOf(person))), h('span', { class: 'quiet' }, '@', bdi(person.username))), onclick, { class: 'row-button' });
}

/** Shows who is in a room; there one can leave it, and its admins can add people. */
export function showMembers({ store, directory }, room) {
  const list = h('ul', { class: 'people' });
  const fill = () => list.replaceChildren(...(store.members.get(room.id)?.ids ?? []).map((id) => member(store, room, id, dialog)));
  const isAdmin = Boolean(store.members.get(room.id)?.admins.includes(store.me.id));
  const add = isAdmin && form([
    field('add-member', 'Add someone by username', h('input', { id: 'add-member', name: 'username', required: true, maxlength: '64', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' })),
  ], 'Add', async (data) => {
    await directory.addMember(room.id, data.get('username').trim());
    add.reset();
    fill();
  });
  const leave = button('Leave this room', async () => {
    await directory.leave(room.id);
    dialog.close();
    location.hash = '#/browse';
  }, { class: 'plain' });
  const dialog = openDialog(`People in ${room.name}`, list, ...(add ? [add] : []), h('p', { class: 'choices' }, leave));
  fill();
}

function member(store, room, id, dialog) {
  const person = store.people.get(id);
  const isOnline = store.online.has(id) || id === store.me.id;
  const role = store.members.get(room.id).admins.includes(id) ? ' · admin' : '';
  const line = h('span', { class: 'person' },
    h('span', { class: isOnline ? 'dot is-online' : 'dot' }), tile(person),
    h('span', { class: 'name' }, bdi(nameOf(person)), unseen(isOnline ? ', online' : ', offline')),
    h('span', { class: 'quiet' }, '@', bdi(person.username), role));
  if (id === store.me.id) return h('li', { class: 'own' }, line);
  const open = () => {
    dialog.close();
    location.hash = personAddress(person.username);
  };
  return h('li', {}, button(line, open, { class: 'row-button' }));
}

/** Makes an invite and shows its link. */
export async function showInvite(directory) {
  const link = inviteLink(await directory.invite());
  const input = h('input', { id: 'invite-link', readonly: true });
  input.value = link;
  input.addEventListener('focus', () => input.select());
  const copy = navigator.clipboard && button('Copy', async () => {
    await navigator.clipboard.writeText(link);
    copy.textContent = 'Copied';
  }, { class: 'plain' });
  openDialog('Invite someone', h('p', { class: 'quiet' }, 'One person can sign up with this link, within a week.'),
    h('div', { class: 'field' }, h('label', { for: 'invite-link' }, 'Link'), h('div', { class: 'with-button' }, input, copy)));
}

/** Asks once before a message is deleted for everybody. */
export function confirmDeletion(message, remove) {
  const dialog = openDialog('Delete this message?', h('blockquote', { dir: 'auto' }, message.content.slice(0, 200)),
    h('p', { class: 'choices' },
      button('Delete', () => {
        dialog.close();
        remove();
      }, { class: 'primary is-bad', autofocus: true }),
      button('Cancel', () => dialog.close(), { class: 'plain' })));
}
