// A place before anything of it is known: its parts stand where they will be, so that nothing moves when they come.

import { Skeleton } from "../conversation/entry-view.js";
import { Icon } from "../ui/icon.js";

/** How an address names a room that nobody has given a shorter name. */
const IS_ID = /^[0-9a-f-]{36}$/u;

/** `room` as the address has it; null for a conversation with one person. */
export function PlaceLoading({ room }: { room: string | null }) {
  return (
    <main class="place" aria-busy="true" aria-labelledby="place-title">
      <header class="place-head">
        <a class="icon-button only-narrow" href="/" aria-label="Back to the list of rooms">
          <Icon name="back" />
        </a>
        <h1 id="place-title" tabIndex={-1}>
          {room && !IS_ID.test(room) ? <bdi>#{room}</bdi> : <span class="visually-hidden">Conversation</span>}
        </h1>
      </header>
      <div class="conversation">
        <div class="log-frame">
          <div class="log-cover">
            <Skeleton rows={8} />
          </div>
        </div>
        <div class="typing-line" />
        <div class="composer" aria-hidden="true">
          <div class="composer-box is-coming">
            <span class="composer-send" />
          </div>
        </div>
      </div>
    </main>
  );
}
