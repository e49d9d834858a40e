// What happens in one conversation: ties together its list, the selection in it, and what is done with messages.

import { signal } from "@preact/signals";
import type { ChatStore, MessageRow, PlaceStore } from "fireside-chat/store";
import type { ComponentChildren } from "preact";

import { parts } from "../later/lazy.js";
import type { NameLinks } from "../markdown/view.js";
import type { Action } from "./actions.js";
import { Deletions } from "./deletions.js";
import type { EdgeHost } from "./entry-view.js";
import type { MessageEntry } from "./layout.js";
import type { MessageHost, MessageLook } from "./message.js";
import { type LogOwner, MessageLog } from "./message-log.js";
import { nameOf } from "./names.js";
import type { ConversationProps } from "./seam.js";
import { Selection, type SelectionOwner } from "./selection.js";

/** So long a message stays marked that an address led to. */
const TARGET_MS = 3000;
/** So long a notice can be read. */
const NOTICE_MS = 6000;

/** What the model shows on the page beside its list. */
export interface ModelView {
  /** What stands where the conversation begins. */
  readonly beginning: () => ComponentChildren;
  /** Puts the focus into the field one writes in. */
  write(): void;
  /** Puts lines of somebody's words above what one writes. */
  quote(text: string): void;
}

export class ConversationModel implements LogOwner, SelectionOwner {
  readonly log: MessageLog;
  readonly selection: Selection;
  readonly deletions: Deletions;
  /** The message whose sheet of actions is open. */
  readonly sheet = signal<MessageEntry | null>(null);
  /** Something to tell that concerns no message on the page. */
  readonly notice = signal<string | null>(null);
  readonly host: MessageHost & EdgeHost;
  readonly #place: PlaceStore;
  readonly #store: ChatStore;
  readonly #view: ModelView;
  readonly #ending = new AbortController();
  #props: ConversationProps;
  #noticeTimer: ReturnType<typeof setTimeout> | undefined;
  #editing: { key: string; isFromComposer: boolean } | null = null;
  #target: { id: string; timer: ReturnType<typeof setTimeout> | null } | null = null;

  constructor(
    elements: { scroller: HTMLElement; rows: HTMLElement },
    place: PlaceStore,
    props: ConversationProps,
    view: ModelView,
  ) {
    this.#place = place;
    this.#store = props.store;
    this.#props = props;
    this.#view = view;
    this.host = this.#makeHost();
    this.deletions = new Deletions(
      (id) =>
        void place
          .delete(id)
          .delivered()
          .catch(() => {}),
      (id) => this.#repaintId(id),
    );
    const { signal: ended } = this.#ending;
    this.selection = new Selection(elements.scroller, () => this.log, this, ended);
    if (props.jumpTo !== null) this.#target = { id: props.jumpTo, timer: null };
    this.log = new MessageLog(elements, place, props.jumpTo, this);
    elements.scroller.addEventListener("copy", (event) => this.#copy(event), { signal: ended });
    window.addEventListener("pagehide", () => this.deletions.flush(), { signal: ended });
  }

  /** The conversation goes away. */
  close(): void {
    this.deletions.flush();
    this.#place.stopTyping();
    this.log.close();
    this.#ending.abort();
  }

  /** What the screen around gives has changed. */
  setProps(props: ConversationProps): void {
    const before = this.#props.jumpTo;
    this.#props = props;
    if (props.jumpTo !== null && props.jumpTo !== before) this.goTo(props.jumpTo);
  }

  goTo(messageId: string): void {
    const before = this.#target;
    if (before?.timer) clearTimeout(before.timer);
    this.#target = { id: messageId, timer: null };
    if (before) this.#repaintId(before.id);
    void this.log.goTo(messageId).catch(() => {});
  }

  /** Hands a message over to be sent, and shows it. */
  send(content: string): void {
    void this.#place
      .send(content)
      .delivered()
      .catch(() => {});
    this.#place.stopTyping();
    void this.log.toEnd();
  }

  /** Lets one change the last message one has sent. Not while a later one is on its way: that one is meant. */
  editLast(): boolean {
    if (this.#place.window.get().newer !== "end") return false;
    const last = this.log.messages.findLast(({ row }) => row.isOwn && row.deletedAt === null && row.type !== "system");
    if (last?.row.id == null || last.row.state !== "sent") return false;
    this.#edit(last, true);
    return true;
  }

  /** Takes deletions back. The button that did it goes away, and the focus returns to the list. */
  undo(): void {
    this.deletions.undo();
    this.selection.focusAgain();
  }

  // What the list asks.

  look(entry: MessageEntry): MessageLook {
    const { row, key } = entry;
    return {
      actions: this.selection.actionsOf(entry),
      isSelected: this.selection.isSelected(key),
      isEditing: this.#editing?.key === key,
      isTarget: row.id !== null && row.id === this.#target?.id,
      isGoing: row.id !== null && this.deletions.has(row.id),
    };
  }

  arrived(rows: readonly MessageRow[]): void {
    const { readOut } = this.#props.preferences;
    for (const row of rows) {
      if (readOut === "all" || (readOut === "mentions" && row.isMention))
        this.#props.announcer.message(nameOf(row.sender), row.content);
    }
  }

  changed(): void {
    const target = this.#target;
    if (!target || target.timer !== null || !this.log.findById(target.id)) return;
    target.timer = setTimeout(() => {
      this.#target = null;
      this.#repaintId(target.id);
    }, TARGET_MS);
  }

  missed(): void {
    this.#tell("That message is not here any more.");
  }

  // What the selection asks.

  run(action: Action, { row, key }: Pick<MessageEntry, "row" | "key">): void {
    switch (action.name) {
      case "edit":
        return this.#edit({ row, key }, false);
      case "quote":
        return this.#view.quote(row.content);
      case "copy":
        return this.#toClipboard(row.content, "Text copied");
      case "link":
        if (row.id !== null)
          this.#toClipboard(
            new URL(this.#props.addresses.message(this.#place.place, row.id), location.href).href,
            "Link copied",
          );
        return;
      case "unread":
        return this.#markUnread(row);
      case "delete":
        return this.#delete(row);
    }
  }

  isModerator(): boolean {
    const { place } = this.#place;
    if (place.kind !== "room") return false;
    const me = this.#store.me.get()?.id;
    return this.#store
      .members(place.roomId)
      .get()
      .members.some((member) => member.userId === me && member.role === "admin");
  }

  singleKeys(): boolean {
    return this.#props.preferences.singleKeys;
  }

  openSheet(entry: MessageEntry): void {
    this.sheet.value = entry;
  }

  write(): void {
    this.#view.write();
  }

  dismiss(): void {
    this.log.dismiss();
  }

  toEnd(): void {
    void this.log.toEnd();
  }

  #makeHost(): MessageHost & EdgeHost {
    const { onPerson } = this.#props;
    return {
      links: this.#links(),
      onPerson,
      beginning: this.#view.beginning,
      loadMore: (direction) => void (direction === "older" ? this.#place.loadOlder() : this.#place.loadNewer()),
      run: (action, row) => this.run(action, { key: row.key, row }),
      save: (row, content) => this.#save(row, content),
      cancelEdit: () => this.#endEdit(),
      retry: (row) => this.#place.retry(clientIdOf(row)),
      discard: (row) => this.#place.discard(clientIdOf(row)),
      copy: (row) => this.#toClipboard(row.content, "Text copied"),
    };
  }

  #links(): NameLinks {
    return {
      room: (slug) => {
        const place = this.#store.find(slug);
        if (!place) return null;
        return {
          href: this.#props.addresses.place(place),
          title: this.#store.place(place).summary.get()?.title ?? slug,
        };
      },
      isMe: (username) => username.toLowerCase() === this.#store.me.get()?.username.toLowerCase(),
    };
  }

  #edit({ row, key }: Pick<MessageEntry, "row" | "key">, isFromComposer: boolean): void {
    if (row.id === null) return;
    this.#endEdit();
    this.#editing = { key, isFromComposer };
    this.log.reveal(key);
    this.log.surface.repaint(key);
  }

  #save(row: MessageRow, content: string): void {
    if (row.id !== null)
      void this.#place
        .edit(row.id, content)
        .delivered()
        .catch(() => {});
    this.#endEdit();
  }

  /** The focus goes back to where the edit was begun. */
  #endEdit(): void {
    const editing = this.#editing;
    if (!editing) return;
    this.#editing = null;
    this.log.surface.repaint(editing.key);
    if (editing.isFromComposer) this.write();
    else this.selection.focus(editing.key);
  }

  #markUnread(row: MessageRow): void {
    if (row.seq === null) return;
    this.log.markUnread(row.seq);
    const said = "Marked unread from here";
    this.#place.markUnread({ seq: row.seq }).then(
      () => this.#props.announcer.say(said),
      () => this.#tell("Could not mark as unread."),
    );
  }

  #delete(row: MessageRow): void {
    if (row.id === null) return;
    this.deletions.add(row.id);
    this.#props.announcer.say("Message deleted. It can be undone for 6 seconds.");
  }

  #toClipboard(text: string, said: string): void {
    const { announcer } = this.#props;
    // Without a secure connection browsers give no clipboard.
    const copying = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copying.then(
      () => {
        announcer.say(said);
        this.#show(said);
      },
      () => this.#tell("Could not copy."),
    );
  }

  /** Tells those who look and those who listen. */
  #tell(text: string): void {
    this.#props.announcer.alarm(text);
    this.#show(text);
  }

  #show(text: string): void {
    this.notice.value = text;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => {
      this.notice.value = null;
    }, NOTICE_MS);
  }

  #copy(event: ClipboardEvent): void {
    const selection = document.getSelection();
    const elementOf = (key: string) => this.log.surface.element(key);
    const text = selection && parts.loaded.peek()?.copiedText(selection, this.log.messages, elementOf);
    if (text == null) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  }

  #repaintId(messageId: string): void {
    const entry = this.log.findById(messageId);
    if (entry) this.log.surface.repaint(entry.key);
  }
}

function clientIdOf(row: MessageRow): string {
  return row.change?.clientId ?? row.clientId ?? "";
}
