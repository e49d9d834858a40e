// A room one is not in, or that does not exist: what can be said of it, and the way in.

import type { Room } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { heading } from "../app/heading.js";
import { useServices } from "../app/services.js";
import { useFocusHeading } from "../ui/focus-heading.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf, useTask } from "../ui/use-task.js";

type Asked = { room: Room } | { missing: true } | { problem: string };

export function RoomDoor({ room: wanted }: { room: string }) {
  const { chat } = useServices();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [attempt, setAttempt] = useState(0);
  const task = useTask();
  useEffect(() => {
    let isStale = false;
    setAsked(null);
    heading.value = "";
    void ask(() => chat.rooms.open(wanted).then((handle) => handle.get())).then((answer) => {
      if (!isStale) setAsked(answer);
    });
    return () => {
      isStale = true;
    };
  }, [chat, wanted, attempt]);
  const ref = useFocusHeading(asked ? wanted : "");

  if (!asked) return <main class="notice" aria-busy="true" aria-label="Room" />;
  if ("room" in asked) {
    const { room } = asked;
    return (
      <main class="notice">
        <h1 ref={ref} tabIndex={-1}>
          <bdi>#{room.slug}</bdi>
        </h1>
        {room.description && <p dir="auto">{room.description}</p>}
        <p class="quiet">
          {room.memberCount} {room.memberCount === 1 ? "member" : "members"}. You are not one of them yet.
        </p>
        <Problem text={task.problem} />
        <button
          type="button"
          class="button is-primary"
          disabled={task.isBusy}
          onClick={() => void task.run(() => chat.room(room.id).join())}
        >
          Join the room
        </button>
      </main>
    );
  }
  return (
    <main class="notice">
      <h1 ref={ref} tabIndex={-1}>
        {"missing" in asked ? "There is no such room" : "The room cannot be shown"}
      </h1>
      <p class="quiet">{"missing" in asked ? "It may be private, or it was deleted." : asked.problem}</p>
      {"problem" in asked && (
        <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
          Retry
        </button>
      )}
      <a class="button" href="/browse">
        Browse rooms
      </a>
    </main>
  );
}

async function ask(read: () => Promise<Room>): Promise<Asked> {
  try {
    return { room: await read() };
  } catch (error) {
    const isMissing = (error as { reason?: string }).reason === "not_found";
    return isMissing ? { missing: true } : { problem: sentenceOf(error) };
  }
}
