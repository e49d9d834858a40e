// The conversation on the screen, from its first message to the field one writes in.

import "./conversation.css";
import "./writing.css";
import "../markdown/markdown.css";

import type { Readable } from "fireside-chat";
import type { ChatStore, Person, PlaceStore, PlaceSummary } from "fireside-chat/store";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { ActionSheet, parts } from "../later/lazy.js";
import { actionsFor } from "./actions.js";
import { Beginning } from "./beginning.js";
import { Composer } from "./composer/composer.js";
import { ConversationModel } from "./conversation-model.js";
import { nameOf } from "./names.js";
import { JumpPill, LogCover, Notice, UndoToast } from "./overlays.js";
import type { ConversationProps } from "./seam.js";
import { TypingLine } from "./typing-line.js";
import { useReadable } from "./use-readable.js";

const NOBODY: Readable<Person | null> = { get: () => null, subscribe: () => () => {} };

/** A room or direct conversation. Another place is another conversation: nothing of one is ever left in the other. */
export function Conversation(props: ConversationProps) {
  const place = useMemo(() => props.store.place(props.place), [props.store, props.place]);
  return <OpenConversation key={place.key} props={props} place={place} />;
}

function OpenConversation({ props, place }: { props: ConversationProps; place: PlaceStore }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  // What keys lead to is there before the first of them; what is drawn follows.
  const latest = useRef<ConversationModel | null>(null);
  const [model, setModel] = useState<ConversationModel | null>(null);
  const summary = useReadable(place.summary);
  const label = useLabel(props.store, place, summary);

  useLayoutEffect(() => {
    if (!scroller.current || !rows.current) return;
    const made = new ConversationModel({ scroller: scroller.current, rows: rows.current }, place, props, {
      beginning: () => (
        <>
          <Beginning store={props.store} place={place} />
          {props.welcome?.()}
        </>
      ),
      write: () => field.current?.focus(),
      quote: (words) => {
        if (field.current) parts.loaded.peek()?.quoteInto(field.current, words);
      },
    });
    latest.current = made;
    setModel(made);
    return () => made.close();
  }, [place]);
  useEffect(() => model?.setProps(props));
  useLayoutEffect(() => writeByTyping(latest, field), []);

  return (
    <div class="conversation">
      <div class="log-frame">
        <div
          class="log"
          ref={scroller}
          role="log"
          aria-live="off"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the list is one stop of the Tab key, and scrolls
          tabIndex={0}
          aria-label={`Messages ${place.place.kind === "room" ? "in" : "with"} ${label}`}
        >
          <div class="log-rows" ref={rows} />
        </div>
        {model && (
          <>
            <LogCover status={model.log.status} onRetry={() => model.log.retry()} />
            <JumpPill
              pill={model.log.pill}
              place={place}
              onJump={() => {
                model.toEnd();
                field.current?.focus();
              }}
            />
            <div class="toasts">
              <Notice notice={model.notice} />
              <UndoToast count={model.deletions.count} onUndo={() => model.undo()} />
            </div>
            <Sheet model={model} />
          </>
        )}
      </div>
      <TypingLine store={props.store} place={place} />
      {mayPost(place, summary) ? (
        <Composer
          field={field}
          store={props.store}
          destination={{
            userId: props.store.me.get()?.id ?? "",
            place,
            enterSends: props.preferences.enterSends,
            send: (content) => latest.current?.send(content),
            editLast: () => latest.current?.editLast() ?? false,
            dismiss: () => latest.current?.dismiss(),
          }}
          label={label}
          announcer={props.announcer}
        />
      ) : (
        <p class="composer-closed">You can read but not post here</p>
      )}
    </div>
  );
}

function Sheet({ model }: { model: ConversationModel }) {
  const entry = model.sheet.value;
  if (!entry) return null;
  const close = () => {
    model.sheet.value = null;
  };
  return (
    <ActionSheet
      actions={actionsFor(entry.row, model.isModerator())}
      onRun={(action) => model.run(action, entry)}
      onClose={close}
    />
  );
}

/** `#harbour`, or the name of the person. */
function useLabel(store: ChatStore, { place }: PlaceStore, summary: PlaceSummary | null): string {
  const person = useReadable(place.kind === "direct" ? store.person(place.userId) : NOBODY);
  if (summary?.room) return `#${summary.room.slug}`;
  return person ? nameOf(person) : "this conversation";
}

/** In a room, its members; with a person, always. */
function mayPost(place: PlaceStore, summary: PlaceSummary | null): boolean {
  return place.place.kind === "direct" || summary !== null;
}

/** What one types outside of any field goes to the composer, unless keys have selected a message. Answers what ends that. */
function writeByTyping(
  model: RefObject<ConversationModel | null>,
  field: RefObject<HTMLTextAreaElement | null>,
): () => void {
  const pressed = (event: KeyboardEvent) => {
    const isText = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (
      !isText ||
      event.defaultPrevented ||
      event.isComposing ||
      model.current?.selection.isByKeys ||
      !isFree(event.target)
    )
      return;
    // The sheet of keys is somebody else's.
    if (event.key !== "?") field.current?.focus();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

/** Whether nothing else wants what is typed. */
function isFree(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"], dialog') === null &&
    document.querySelector("dialog[open]") === null
  );
}
