// What a room is, for whoever is in it; and how it is changed, for its admins.

import type { Readable, Room } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";
import { useState } from "preact/hooks";

import { go } from "../app/navigation.js";
import { pane } from "../app/overlay.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { Problem } from "../ui/problem.js";
import { RoomFields, roomOf } from "../ui/room-fields.js";
import { type Fields, TaskForm } from "../ui/task-form.js";
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
      // Else the list, which hears of it a moment later, would lead back here.
      await isGone(store.place(summary.place).summary);
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

/** Waits until there is nothing. */
function isGone(readable: Readable<unknown>): Promise<void> {
  return new Promise((done) => {
    if (readable.get() === null) return done();
    const off = readable.subscribe((value) => {
      if (value !== null) return;
      off();
      done();
    });
  });
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
  const save = async (fields: Fields) => {
    const changed = await chat.room(room.id).update(roomOf(fields));
    if (changed.slug !== room.slug) go(roomPath(changed.slug), { replace: true });
  };
  return (
    <TaskForm submit={save} button="Save" done="Saved.">
      <RoomFields room={room} />
    </TaskForm>
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
