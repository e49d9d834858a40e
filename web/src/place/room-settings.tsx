// What a room is, for whoever is in it; and how it is changed, for its admins.

import type { Room } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";
import { useState } from "preact/hooks";

import { go } from "../app/navigation.js";
import { pane } from "../app/overlay.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";

export function RoomSettings({ summary, room }: { summary: PlaceSummary; room: Room }) {
  const { chat, store } = useServices();
  const { members } = useReadable(store.members(room.id));
  const me = useReadable(store.me);
  const task = useTask();
  const isAdmin = members.some(({ userId, role }) => userId === me?.id && role === "admin");
  const out = (work: () => Promise<unknown>) =>
    void task.run(async () => {
      await work();
      pane.value = null;
      go("/", { replace: true });
    });
  return (
    <>
      {isAdmin ? <RoomForm key={room.id} room={room} /> : <RoomFacts room={room} />}
      <section class="pane-section">
        <label class="check">
          <input
            type="checkbox"
            checked={summary.muted}
            onChange={(event) => void store.place(summary.place).mute(event.currentTarget.checked)}
          />
          Mute: count mentions only
        </label>
      </section>
      <section class="pane-section choices">
        <Problem text={task.problem} />
        <button
          type="button"
          class="button"
          disabled={task.isBusy}
          onClick={() => out(() => chat.room(room.id).leave())}
        >
          Leave the room
        </button>
        {isAdmin && (
          <Confirmed
            label="Delete the room…"
            question="Delete the room and all its messages, for everybody?"
            onYes={() => out(() => chat.room(room.id).delete())}
          />
        )}
      </section>
    </>
  );
}

function RoomFacts({ room }: { room: Room }) {
  return (
    <dl class="facts">
      <dt>Name</dt>
      <dd dir="auto">{room.name}</dd>
      <dt>Topic</dt>
      <dd dir="auto">{room.description || "None"}</dd>
      <dt>Who can join</dt>
      <dd>{room.isPrivate ? "Only people who are added" : "Everybody on this server"}</dd>
    </dl>
  );
}

function RoomForm({ room }: { room: Room }) {
  const { chat } = useServices();
  const task = useTask();
  const [isSaved, setSaved] = useState(false);
  const save = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const changed = await chat.room(room.id).update({
      name: text("name"),
      description: text("description") || null,
      isPrivate: form.get("isPrivate") === "on",
    });
    setSaved(true);
    if (changed.slug !== room.slug) go(roomPath(changed.slug), { replace: true });
  };
  return (
    <form
      onInput={() => setSaved(false)}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        void task.run(() => save(form));
      }}
    >
      <label class="field">
        <span>Name</span>
        <input name="name" required maxLength={80} dir="auto" value={room.name} />
      </label>
      <label class="field">
        <span>Topic</span>
        <textarea name="description" rows={3} maxLength={500} dir="auto" value={room.description ?? ""} />
      </label>
      <label class="check">
        <input type="checkbox" name="isPrivate" checked={room.isPrivate} />
        Private: only people who are added
      </label>
      <Problem text={task.problem} />
      <button type="submit" class="button is-primary" disabled={task.isBusy}>
        Save
      </button>
      <p class="hint" role="status">
        {isSaved ? "Saved." : ""}
      </p>
    </form>
  );
}

/** A button that asks once before it does what cannot be undone. */
function Confirmed({ label, question, onYes }: { label: string; question: string; onYes: () => void }) {
  const [isAsking, setAsking] = useState(false);
  if (!isAsking) {
    return (
      <button type="button" class="button is-bad" onClick={() => setAsking(true)}>
        {label}
      </button>
    );
  }
  return (
    <fieldset class="confirm">
      <legend>{question}</legend>
      <button type="button" class="button is-bad" onClick={onYes}>
        Delete
      </button>
      <button type="button" class="button" onClick={() => setAsking(false)}>
        Keep
      </button>
    </fieldset>
  );
}
