// The conversation on the screen, from its first message to the field one writes in.

import "./conversation.css";
import "./writing.css";
import "../markdown/markdown.css";

import type { PlaceStore, PlaceSummary } from "fireside-chat/store";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { ActionSheet } from "./action-sheet.js";
import { actionsFor } from "./actions.js";
import { Beginning } from "./beginning.js";
import { Composer } from "./composer/composer.js";
import { ConversationModel } from "./conversation-model.js";
import { JumpPill, LogCover, UndoToast } from "./overlays.js";
import type { ConversationProps } from "./seam.js";
import { TypingLine } from "./typing-line.js";
import { useReadable } from "./use-readable.js";

/** A room or direct conversation. Another place is another conversation: nothing of one is ever left in the other. */
export function Conversation(props: ConversationProps) {
  const place = useMemo(() => props.store.place(props.place), [props.store, props.place]);
  return <OpenConversation key={place.key} props={props} place={place} />;
}

function OpenConversation({ props, place }: { props: ConversationProps; place: PlaceStore }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const [model, setModel] = useState<ConversationModel | null>(null);
  const summary = useReadable(place.summary);
  const label = labelOf(summary);

  useEffect(() => {
    if (!scroller.current || !rows.current) return;
    const made = new ConversationModel({ scroller: scroller.current, rows: rows.current }, place, props, {
      beginning: () => <Beginning place={place} />,
      write: () => field.current?.focus(),
    });
    setModel(made);
    return () => made.close();
  }, [place]);
  useEffect(() => model?.setProps(props));
  useEffect(() => (model ? writeByTyping(model, field) : undefined), [model]);

  return (
    <div class="conversation">
      <div class="log-frame">
        <div
          class="log"
          ref={scroller}
          role="log"
          aria-live="off"
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
            <UndoToast deletions={model.deletions} />
            <Sheet model={model} />
          </>
        )}
      </div>
      <TypingLine place={place} />
      {mayPost(place, summary) ? (
        <Composer
          field={field}
          store={props.store}
          destination={{
            userId: props.store.me.get()?.id ?? "",
            place,
            enterSends: props.preferences.enterSends,
            send: (content) => model?.send(content),
            editLast: () => model?.editLast() ?? false,
            dismiss: () => model?.dismiss(),
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
function labelOf(summary: PlaceSummary | null): string {
  if (!summary) return "this conversation";
  return summary.room ? `#${summary.room.slug}` : summary.title;
}

/** In a room, its members; with a person, always. */
function mayPost(place: PlaceStore, summary: PlaceSummary | null): boolean {
  return place.place.kind === "direct" || summary !== null;
}

/** What one types outside of any field goes to the composer, unless keys have selected a message. Answers what ends that. */
function writeByTyping(model: ConversationModel, field: { current: HTMLTextAreaElement | null }): () => void {
  const pressed = (event: KeyboardEvent) => {
    const isText = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!isText || event.defaultPrevented || event.isComposing || model.selection.isByKeys || !isFree(event.target))
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
