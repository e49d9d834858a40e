// All public rooms: joining them, or going to those one is in.

import type { Room } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { heading } from "../app/heading.js";
import { go } from "../app/navigation.js";
import { overlay } from "../app/overlay.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { useFocusHeading } from "../ui/focus-heading.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf, useTask } from "../ui/use-task.js";

const PAGE = 50;
const PAUSE_MS = 150;

interface Found {
  readonly rooms: readonly Room[];
  readonly hasMore: boolean;
  readonly problem: string;
}

export function Browse() {
  const [query, setQuery] = useState("");
  const [found, more, retry] = useDiscovered(query.trim());
  // Before it is known which rooms one is in, every card would ask to join.
  const isReady = useReadable(useServices().store.status).status !== "loading";
  const ref = useFocusHeading("browse");
  useEffect(() => {
    heading.value = "Browse rooms";
  }, []);
  return (
    <main class="screen">
      <header class="screen-head">
        <h1 ref={ref} tabIndex={-1}>
          Browse rooms
        </h1>
        <button type="button" class="button" onClick={() => (overlay.value = "create-room")}>
          Create a room
        </button>
      </header>
      <label class="field">
        <span class="visually-hidden">Find a room</span>
        <input
          type="search"
          placeholder="Find a room"
          value={query}
          dir="auto"
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      </label>
      {found === null || !isReady ? (
        <div class="cards-skeleton" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
      ) : (
        <>
          <ul class="cards">
            {found.rooms.map((room) => (
              <RoomCard key={room.id} room={room} />
            ))}
          </ul>
          {found.problem === "" && found.rooms.length === 0 && (
            <p class="quiet" role="status">
              {query.trim() ? "No room has that in its name." : "There is no public room yet."}
            </p>
          )}
          <Problem text={found.problem} />
          {found.problem !== "" && (
            <button type="button" class="button" onClick={retry}>
              Retry
            </button>
          )}
          {found.hasMore && (
            <button type="button" class="button" onClick={more}>
              Show more
            </button>
          )}
        </>
      )}
    </main>
  );
}

/** Rooms with a text in their name, page by page; null until the first answer. */
function useDiscovered(query: string): [Found | null, more: () => void, retry: () => void] {
  const { chat } = useServices();
  const [found, setFound] = useState<Found | null>(null);
  const [attempt, setAttempt] = useState(0);
  const load = async (before: readonly Room[]): Promise<Found> => {
    const last = before.at(-1);
    try {
      const page = await chat.rooms.discover({ query, limit: PAGE, ...(last ? { after: last.slug } : {}) });
      return { rooms: [...before, ...page], hasMore: page.length === PAGE, problem: "" };
    } catch (error) {
      return { rooms: before, hasMore: false, problem: sentenceOf(error) };
    }
  };
  useEffect(() => {
    let isStale = false;
    const search = async () => {
      const answer = await load([]);
      if (!isStale) setFound(answer);
    };
    const timer = setTimeout(search, query ? PAUSE_MS : 0);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [chat, query, attempt]);
  return [found, () => void load(found?.rooms ?? []).then(setFound), () => setAttempt(attempt + 1)];
}

function RoomCard({ room }: { room: Room }) {
  const { chat, store } = useServices();
  const task = useTask();
  const isIn = useReadable(store.rooms).some(({ roomId }) => roomId === room.id);
  const join = async () => {
    await chat.room(room.id).join();
    go(roomPath(room.slug));
  };
  return (
    <li class="room-card">
      <div class="room-card-words">
        <a class="room-card-name" href={roomPath(room.slug)}>
          <bdi>#{room.slug}</bdi>
        </a>
        {room.description && <p dir="auto">{room.description}</p>}
        <p class="hint">
          {room.memberCount} {room.memberCount === 1 ? "member" : "members"}
          {isIn && " · you are in"}
        </p>
        <Problem text={task.problem} />
      </div>
      {!isIn && (
        <button
          type="button"
          class="button"
          disabled={task.isBusy}
          aria-label={`Join ${room.name}`}
          onClick={() => void task.run(join)}
        >
          Join
        </button>
      )}
    </li>
  );
}
