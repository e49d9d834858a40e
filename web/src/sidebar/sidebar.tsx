// The list of rooms and conversations.

import type { PlaceKey } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

import { keyName } from "../app/key-name.js";
import { overlay } from "../app/overlay.js";
import { settingsPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { hasDraft } from "../conversation/composer/drafts.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { Icon } from "../ui/icon.js";
import { useFrozenOrder } from "./order.js";
import { badgeOf, PlaceLink } from "./place-link.js";
import { foldSidebar, SidebarEdge } from "./sidebar-edge.js";
import { useMoreUnread } from "./use-more-unread.js";

const SKELETON = ["a", "b", "c", "d", "e"];

export function Sidebar({ current, isFolded }: { current: PlaceKey | null; isFolded: boolean }) {
  const { store } = useServices();
  const rooms = useReadable(store.rooms);
  const directs = useReadable(store.directs);
  const status = useReadable(store.status);
  const me = useReadable(store.me);
  const scroller = useRef<HTMLDivElement>(null);
  const [isPointed, setPointed] = useState(false);
  const orderedRooms = useFrozenOrder(rooms, isPointed);
  const orderedDirects = useFrozenOrder(directs, isPointed);
  const more = useMoreUnread(scroller, [rooms, directs].flat().length + rooms.length);
  const all = [...orderedRooms, ...orderedDirects];
  const tabStop = all.some(({ key }) => key === current) ? current : (all[0]?.key ?? null);
  const link = (summary: PlaceSummary) => (
    <li key={summary.key}>
      <PlaceLink
        summary={summary}
        isCurrent={summary.key === current}
        isTabStop={summary.key === tabStop}
        hasDraft={me !== null && hasDraft(me.id, summary.key)}
      />
    </li>
  );
  if (isFolded) return <FoldedSidebar count={all.reduce((sum, one) => sum + badgeOf(one), 0)} />;
  return (
    <nav
      class="sidebar"
      aria-label="Rooms"
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onKeyDown={moveByArrows}
    >
      <div class="sidebar-head">
        <div class="sidebar-top">
          <p class="brand">
            <span class="brand-mark" aria-hidden="true">
              f
            </span>
            Fireside
          </p>
          <button
            type="button"
            class="icon-button sidebar-fold only-wide"
            aria-label="Hide the list of rooms"
            title="Hide the list of rooms"
            onClick={() => foldSidebar(true)}
          >
            <Icon name="fold" />
          </button>
          <InviteButton class="only-narrow" />
        </div>
        <button type="button" class="switcher-button" onClick={() => (overlay.value = "switcher")}>
          Jump to…
          <span class="keys" aria-hidden="true">
            <kbd>{keyName("Ctrl")}</kbd> <kbd>K</kbd>
          </span>
        </button>
      </div>
      <div class="sidebar-lists" ref={scroller}>
        <Section title="Rooms">
          <a class="icon-button" href="/browse" aria-label="Browse rooms" title="Browse rooms">
            <Icon name="browse" />
          </a>
          <SectionButton label="Create a room" onClick={() => (overlay.value = "create-room")} />
        </Section>
        {status.status === "loading" ? <Skeleton /> : <ul>{orderedRooms.map(link)}</ul>}
        {status.status !== "loading" && rooms.length === 0 && (
          <p class="sidebar-empty">
            No rooms yet. <a href="/browse">Browse</a> ·{" "}
            <button type="button" class="link" onClick={() => (overlay.value = "create-room")}>
              Create
            </button>
          </p>
        )}
        <Section title="Direct messages">
          <SectionButton label="Message someone" onClick={() => (overlay.value = "new-direct")} />
        </Section>
        {status.status === "ready" && <ul>{orderedDirects.map(link)}</ul>}
      </div>
      {more && (
        <button type="button" class="more-unread" onClick={() => more.scrollIntoView({ block: "center" })}>
          More unread <Icon name="down" />
        </button>
      )}
      <SidebarFoot />
      <SidebarEdge />
    </nav>
  );
}

/** What is left of the list when it is folded away. */
function FoldedSidebar({ count }: { count: number }) {
  return (
    <nav class="sidebar is-folded" aria-label="Rooms">
      <button
        type="button"
        class="icon-button sidebar-fold"
        aria-label="Show the list of rooms"
        title="Show the list of rooms"
        onClick={() => foldSidebar(false)}
      >
        <Icon name="unfold" />
      </button>
      {count > 0 && (
        <span class="badge">
          {count > 99 ? "99+" : count}
          <span class="visually-hidden"> for you</span>
        </span>
      )}
    </nav>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="section-head">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

function SectionButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name="plus" />
    </button>
  );
}

function Skeleton() {
  return (
    <div class="sidebar-skeleton" aria-hidden="true">
      {SKELETON.map((key) => (
        <i key={key} />
      ))}
    </div>
  );
}

function SidebarFoot() {
  const { store } = useServices();
  const me = useReadable(store.me);
  if (!me) return null;
  return (
    <div class="sidebar-foot">
      <a class="me" href={settingsPath("profile")}>
        <Tile person={me} />
        <bdi class="me-name">{nameOf(me)}</bdi>
        <span class="visually-hidden">: your profile</span>
      </a>
      <InviteButton />
      <a class="icon-button" href={settingsPath("appearance")} aria-label="Settings" title="Settings">
        <Icon name="gear" />
      </a>
    </div>
  );
}

/** Only administrators invite. On a phone, where the list has no foot, it stands at the top. */
function InviteButton({ class: name = "" }: { class?: string }) {
  const { store } = useServices();
  if (useReadable(store.me)?.role !== "admin") return null;
  return (
    <button
      type="button"
      class={`icon-button ${name}`}
      aria-label="Invite people"
      title="Invite people"
      onClick={() => (overlay.value = "invite")}
    >
      <Icon name="invite" />
    </button>
  );
}

/** Within the list the arrows lead from one place to the next. */
function moveByArrows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>(".place-link")];
  const index = links.findIndex((link) => link.matches(":focus"));
  const steps: Record<string, number> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: links.length - 1,
  };
  const next = steps[event.key];
  if (index < 0 || next === undefined) return;
  event.preventDefault();
  links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
}
