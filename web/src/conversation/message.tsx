// One message in the list: when, who, what, and how far it has come.

import type { MessageRow } from "fireside-chat/store";

import { MessageEditor } from "../later/lazy.js";
import { MarkdownView, type NameLinks } from "../markdown/view.js";
import type { Action } from "./actions.js";
import { Icon } from "../ui/icon.js";
import type { MessageEntry } from "./layout.js";
import { MessageState, type SendActions } from "./message-state.js";
import { nameOf } from "./names.js";
import { Tile } from "./tile.js";
import { clockTime, fullTime } from "./times.js";

const SUMMARY_MAX_CHARS = 200;

/** How a message is shown beyond what it is. */
export interface MessageLook {
  /** What one may do with it now; nothing unless it is pointed at or selected. */
  readonly actions: readonly Action[];
  readonly isSelected: boolean;
  readonly isEditing: boolean;
  /** The address bar leads to it. */
  readonly isTarget: boolean;
  /** It will be deleted unless somebody takes that back. */
  readonly isGoing: boolean;
}

/** What messages do to the world around them. */
export interface MessageHost extends SendActions {
  readonly links: NameLinks;
  readonly onPerson: ((userId: string) => void) | undefined;
  run(action: Action, row: MessageRow): void;
  save(row: MessageRow, content: string): void;
  cancelEdit(row: MessageRow): void;
}

interface Props {
  entry: MessageEntry;
  look: MessageLook;
  host: MessageHost;
}

export function Message({ entry: { row, isStart, isLastSeen }, look, host }: Props) {
  const classes = [
    "message",
    isStart && "is-start",
    row.isMention && "is-mention",
    row.state !== "sent" && "is-waiting",
    row.state === "failed" && "has-failed",
    look.isTarget && "is-target",
    look.isGoing && "is-going",
    look.actions.length > 0 && "is-active",
  ];
  return (
    <article
      class={classes.filter(Boolean).join(" ")}
      tabIndex={look.isSelected ? 0 : -1}
      aria-label={summary(row, look)}
    >
      <Rail row={row} />
      {isStart && <Tile person={row.sender} />}
      <div class="message-body">
        {isStart && <Author row={row} onPerson={host.onPerson} />}
        <Content row={row} look={look} host={host} />
        <MessageState row={row} actions={host} />
        {isLastSeen && row.readAt !== null && (
          <p class="message-seen" title={fullTime(row.readAt)}>
            Seen
          </p>
        )}
      </div>
      {look.actions.length > 0 && !look.isEditing && <Toolbar row={row} look={look} host={host} />}
    </article>
  );
}

/** The time, once the server has the message: that it stands there is the sign that it was sent. */
function Rail({ row }: { row: MessageRow }) {
  if (row.state !== "sent") return <span class="rail" />;
  return (
    <time class="rail" dateTime={new Date(row.createdAt).toISOString()} title={fullTime(row.createdAt)}>
      {clockTime(row.createdAt)}
    </time>
  );
}

function Author({ row, onPerson }: { row: MessageRow; onPerson: ((userId: string) => void) | undefined }) {
  const name = <bdi>{nameOf(row.sender)}</bdi>;
  return (
    <p class="author">
      {onPerson ? (
        <button type="button" tabIndex={-1} onClick={() => onPerson(row.sender.id)}>
          {name}
        </button>
      ) : (
        name
      )}
      {row.isOwn && <span class="author-note">(you)</span>}
      {row.sender.kind === "service" && <span class="author-badge">app</span>}
      {row.state === "sent" && (
        <span class="author-time" aria-hidden="true">
          {clockTime(row.createdAt)}
        </span>
      )}
    </p>
  );
}

function Content({ row, look, host }: { row: MessageRow; look: MessageLook; host: MessageHost }) {
  if (row.deletedAt !== null || look.isGoing) return <p class="message-gone">Message deleted</p>;
  if (look.isEditing)
    return (
      <MessageEditor row={row} onSave={(content) => host.save(row, content)} onCancel={() => host.cancelEdit(row)} />
    );
  return <MarkdownView text={row.content} links={host.links} suffix={<EditedNote row={row} />} />;
}

function EditedNote({ row }: { row: MessageRow }) {
  if (row.editedAt === null && row.change?.kind !== "edit") return null;
  return (
    <span class="message-edited" title={row.editedAt === null ? undefined : fullTime(row.editedAt)}>
      {" "}
      (edited)
    </span>
  );
}

/** By keyboard it is one group: Enter on the message goes in, arrows move, Escape goes back. */
function Toolbar({ row, look, host }: { row: MessageRow; look: MessageLook; host: MessageHost }) {
  return (
    <div class="message-tools" role="toolbar" aria-label="Message actions">
      {look.actions.map((action) => (
        <button
          key={action.name}
          type="button"
          class="tool"
          tabIndex={-1}
          aria-label={action.label}
          title={action.label}
          onClick={() => host.run(action, row)}
        >
          <Icon name={action.icon} />
        </button>
      ))}
    </div>
  );
}

/** What a screen reader says of a message when one comes to it with the arrow keys. */
function summary(row: MessageRow, look: MessageLook): string {
  const text =
    row.deletedAt === null && !look.isGoing
      ? row.content.replace(/\s+/gu, " ").slice(0, SUMMARY_MAX_CHARS)
      : "Message deleted";
  const state = row.state === "failed" ? "not sent" : row.state === "sent" ? "" : "not sent yet";
  return [nameOf(row.sender), clockTime(row.createdAt), text, row.editedAt === null ? "" : "edited", state]
    .filter(Boolean)
    .join(", ");
}
