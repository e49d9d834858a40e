// The chat itself: puts the parts together and goes where the address says.

import { readAddress, roomAddress } from './address.js';
import { Announcer } from './announcer.js';
import { Chat } from './chat.js';
import { Directory } from './directory.js';
import { instantiate } from './dom.js';
import { Events } from './events.js';
import { History } from './history.js';
import { FAILED, Outbox } from './outbox.js';
import { keyOf, Store } from './store.js';
import { nameOf } from './text.js';
import { Unread } from './unread.js';
import { BrowsePanel } from './view-browse.js';
import { Composer } from './view-composer.js';
import { ConnectionBar } from './view-connection.js';
import { askForPerson, askForRoom, confirmDeletion, showInvite, showMembers } from './view-dialogs.js';
import { PlaceHead } from './view-head.js';
import { Sidebar } from './view-sidebar.js';
import { TimelineView } from './view-timeline.js';
import { readMessage, readPerson } from './wire.js';

const LAST = 'fireside.last';
const TITLES = { browse: 'Browse rooms', home: 'Chat' };
const NARROW = window.matchMedia('(max-width: 719px)');

export class ChatView {
  #api;
  #world;
  #chat;
  #events;
  #parts;
  #views;
  #turn = 0;
  #over;
  #stop = new AbortController();

  /** `over(reason)` is called once, when nobody is signed in any more. */
  constructor(mount, api, user, over) {
    this.#api = api;
    this.#over = over;
    const { root, parts } = instantiate('chat-view');
    this.#parts = parts;
    const store = new Store(readPerson(user));
    const history = new History(api, store);
    const directory = new Directory(api, store);
    this.#chat = new Chat(api.session, {
      event: (name, payload) => this.#events.apply(name, payload),
      online: () => this.#online(),
      offline: () => this.#views.connection.offline(),
      over,
    });
    const outbox = new Outbox(this.#chat, store.me.id, {
      onSent: (place, answer) => this.#takeAnswer(answer),
      onChange: (place, entry) => this.#outboxChanged(place, entry),
    });
    const announcer = new Announcer(parts.polite, parts.assertive);
    this.#world = { store, history, directory, outbox, announcer, unread: new Unread(api, this.#chat, store) };
    this.#events = new Events(store, history, directory, {
      onArrival: (place, message) => this.#arrived(place, message),
      onDelivery: (clientId) => outbox.remove(clientId),
    });
    this.#views = this.#makeViews();
    mount.replaceChildren(root);
    this.#wire();
    store.watch((changed) => this.#render(changed));
    store.touch('rooms', 'people', 'place');
    this.#views.connection.offline();
    this.#chat.connect();
  }

  /** Ends the connection and takes the view out of the page. */
  close() {
    this.#stop.abort();
    this.#chat.close();
  }

  /** Here one is signed out even when the server cannot be told. */
  async #signOut() {
    this.#world.outbox.clear();
    await this.#api.leave().catch(() => {});
    this.#over('logout');
  }

  #makeViews() {
    const { store, directory, outbox } = this.#world;
    const problem = (error) => this.#world.announcer.alarm(error.message);
    return {
      sidebar: new Sidebar(this.#parts, store),
      head: new PlaceHead(this.#parts, store, NARROW),
      connection: new ConnectionBar(this.#parts.connection, outbox, () => this.#chat.connect()),
      browse: new BrowsePanel(this.#parts.browsePanel, directory, store, { create: () => askForRoom(directory), problem }),
      timeline: new TimelineView(this.#parts, this.#world, {
        edit: async (message, content) => this.#takeAnswer(await this.#chat.call('message:edit', { messageId: message.id, content })),
        delete: (message) => confirmDeletion(message, () => this.#delete(message)),
        write: () => this.#views.composer.focus(),
      }),
      composer: new Composer(this.#parts, {
        send: (place, content) => this.#send(place, content),
        typing: (place, isTyping) => this.#typing(place, isTyping),
        editLast: () => this.#views.timeline.editLast(),
        escape: () => this.#views.timeline.dismiss(),
      }),
    };
  }

  #wire() {
    const { directory, store, announcer } = this.#world;
    const parts = this.#parts;
    const { signal } = this.#stop;
    const on = (part, listener) => parts[part].addEventListener('click', listener);
    on('browse', () => { location.hash = '#/browse'; });
    on('create', () => askForRoom(directory));
    on('direct', () => askForPerson(directory, store.me));
    on('invite', () => showInvite(directory).catch((error) => announcer.alarm(error.message)));
    on('signOut', () => this.#signOut());
    on('back', () => { location.hash = '#/'; });
    on('members', () => showMembers(this.#world, store.rooms.get(store.open.id)));
    on('skip', (event) => {
      event.preventDefault();
      this.#views.composer.focus();
    });
    parts.invite.hidden = !store.me.isAdmin;
    window.addEventListener('hashchange', () => this.#go(), { signal });
    window.addEventListener('online', () => this.#chat.connect(), { signal });
    NARROW.addEventListener('change', () => this.#render(new Set(['place'])), { signal });
  }

  /** After every connecting: reads what may have changed in between, then goes on sending. */
  async #online() {
    const { store, directory, history, unread, outbox } = this.#world;
    this.#views.connection.online();
    try {
      store.forgetClosedTimelines();
      await directory.refresh();
      store.isLoaded = true;
      if (store.open) await history.catchUp(store.open);
      else if (this.#turn === 0) await this.#go();
    } catch (error) {
      if (error.retryable) setTimeout(() => this.#chat.isOnline && this.#online(), 3000);
    }
    outbox.flush();
    await unread.count();
  }

  /** Goes where the address says. Of two moves at once the later one counts. */
  async #go() {
    const turn = (this.#turn += 1);
    const address = readAddress(location.hash);
    const found = this.#world.directory.resolve(address);
    const [place, note] = await found.then((one) => [one, ''], (error) => [null, error.message]);
    if (turn !== this.#turn) return;
    if (address.kind === 'home' && !NARROW.matches) return this.#goHome();
    await this.#open(place, address, note);
  }

  #goHome() {
    const { rooms } = this.#world.store;
    const last = rooms.get(localStorage.getItem(LAST)) ?? rooms.values().next().value;
    location.replace(last ? roomAddress(last.slug) : '#/browse');
  }

  async #open(place, address, note) {
    const { store, history, unread } = this.#world;
    const parts = this.#parts;
    const isIn = place !== null && (place.kind === 'dm' || store.rooms.has(place.id));
    store.open = isIn ? { kind: place.kind, id: place.id } : null;
    parts.frame.dataset.screen = address.kind === 'home' ? 'list' : 'place';
    for (const part of ['messages', 'write']) parts[part].hidden = !isIn;
    parts.browsePanel.hidden = isIn;
    store.touch('rooms', 'people', 'place');
    if (!isIn) return this.#showNoPlace(place, address, note);
    const { open } = store;
    if (open.kind === 'room') {
      localStorage.setItem(LAST, open.id);
      this.#world.directory.loadMembers(open.id).catch(() => {});
    }
    this.#views.head.render();
    const name = this.#views.head.name();
    this.#views.composer.show(open, `Message ${name}`);
    this.#views.timeline.show(open, `Messages in ${name}`);
    await Promise.all([history.load(open), unread.locate(open)]).catch((error) => this.#world.announcer.alarm(error.message));
    if (keyOf(open) !== keyOf(store.open)) return;
    store.timeline(open).newFrom = unread.firstIn(open);
    this.#views.timeline.show(open, `Messages in ${name}`);
    if (!NARROW.matches) this.#views.composer.focus();
  }

  #showNoPlace(place, address, note) {
    const { browse, timeline } = this.#views;
    timeline.hide();
    const { title } = this.#parts;
    if (place) browse.invite(place.room);
    else if (address.kind in TITLES) browse.browse();
    else browse.say(note || 'There is no such place.');
    this.#views.head.render(place?.room ? `# ${place.room.name}` : TITLES[address.kind] ?? 'Nothing here');
    if (address.kind !== 'home') title.focus();
  }

  #render(changed) {
    const { store, announcer } = this.#world;
    const has = (...topics) => topics.some((topic) => changed.has(topic));
    if (has('rooms', 'people')) this.#views.sidebar.render();
    if (has('rooms', 'people', 'place')) this.#views.head.render();
    if (store.open && has(keyOf(store.open), 'place')) this.#views.timeline.render();
    if (has('typing', 'people', 'place')) this.#views.head.renderTyping();
    const isGone = store.open?.kind === 'room' && !store.rooms.has(store.open.id);
    if (isGone) {
      announcer.alarm('You are no longer in this room.');
      location.hash = '#/browse';
    }
  }

  #send(place, content) {
    this.#world.outbox.add(place, content);
    this.#views.timeline.dismiss();
  }

  #outboxChanged(place, entry) {
    this.#world.store.touch(keyOf(place));
    if (entry.state === FAILED) this.#world.announcer.alarm(`Message not sent. ${entry.reason}`);
  }

  /** The message that the server has stored, as its answer tells it. */
  #takeAnswer(answer) {
    const message = readMessage({ ...answer.message, epoch: answer.epoch });
    if (message) this.#events.arrive(message);
  }

  async #delete(message) {
    try {
      await this.#chat.call('message:delete', { messageId: message.id });
    } catch (error) {
      this.#world.announcer.alarm(`Not deleted. ${error.message}`);
    }
  }

  #typing(place, isTyping) {
    const roomId = this.#world.store.roomIdOf(place);
    if (roomId) this.#chat.tell(isTyping ? 'typing:start' : 'typing:stop', { roomId });
  }

  #arrived(place, message) {
    const { store, announcer } = this.#world;
    const isOpen = keyOf(place) === keyOf(store.open);
    const isSeen = isOpen && this.#views.timeline.arrived(message);
    if (!isSeen) store.setUnread(place, store.unread(place) + 1);
    if (isOpen) announcer.message(nameOf(message.sender), message.content);
  }
}
