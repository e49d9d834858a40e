// The people of a room, and for its admins what may be done with them.

import type { Member } from "fireside-chat";
import { useEffect, useRef } from "preact/hooks";

import { pane } from "../app/overlay.js";
import { useServices } from "../app/services.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { Icon } from "../ui/icon.js";
import { PersonSearch } from "../ui/person-search.js";
import { Presence } from "../ui/presence.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf, type Task, useTask } from "../ui/use-task.js";

export function People({ roomId }: { roomId: string }) {
  const { chat, store } = useServices();
  const list = useReadable(store.members(roomId));
  const me = useReadable(store.me);
  const task = useTask();
  useEffect(() => {
    const close = ({ target }: Event) => {
      for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"))
        if (!menu.contains(target as Node)) menu.open = false;
    };
    addEventListener("pointerdown", close);
    return () => removeEventListener("pointerdown", close);
  }, []);
  const isAdmin = list.members.some(({ userId, role }) => userId === me?.id && role === "admin");
  const known = new Set(list.members.map(({ userId }) => userId));
  return (
    <>
      {isAdmin && (
        <PersonSearch
          label="Add somebody"
          exclude={known}
          onPick={(user) => void task.run(() => chat.room(roomId).setMember(user.id))}
        />
      )}
      <Problem text={task.problem || (list.error ? sentenceOf(list.error) : "")} />
      <ul class="people">
        {list.members.map((member) => (
          <MemberRow
            key={member.userId}
            member={member}
            mayManage={isAdmin && member.userId !== me?.id}
            task={task}
          />
        ))}
      </ul>
    </>
  );
}

interface RowProps {
  member: Member;
  mayManage: boolean;
  task: Task;
}

function MemberRow({ member, mayManage, task }: RowProps) {
  const { chat, store } = useServices();
  const presence = useReadable(store.presence(member.userId));
  const person = member.user ?? store.person(member.userId).get();
  if (!person) return null;
  const name = nameOf(person);
  const room = chat.room(member.roomId);
  const isAdmin = member.role === "admin";
  const menu = useRef<HTMLDetailsElement>(null);
  const close = () => {
    if (!menu.current) return;
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  const change = (work: () => Promise<unknown>) => {
    close();
    void task.run(work);
  };
  return (
    <li class="person-row">
      <button
        type="button"
        class="person-button"
        onClick={() => (pane.value = { kind: "person", userId: member.userId })}
      >
        <Tile person={person} />
        <span class="person-names">
          <bdi class="person-name">{name}</bdi>
          <span class="person-note">
            <Presence isOnline={presence?.status === "online"} /> @{person.username}
            {isAdmin && " · admin"}
          </span>
        </span>
      </button>
      {mayManage && (
        <details
          class="menu"
          ref={menu}
          onKeyDown={(event) => {
            if (event.key !== "Escape" || !menu.current?.open) return;
            // Else it would close what the menu stands in, too.
            event.preventDefault();
            close();
          }}
        >
          <summary aria-label={`Manage ${name}`}>
            <Icon name="more" />
          </summary>
          <div class="menu-items">
            <button
              type="button"
              onClick={() => change(() => room.setMember(member.userId, isAdmin ? "member" : "admin"))}
            >
              {isAdmin ? "Make a member" : "Make an admin"}
            </button>
            <button type="button" class="is-bad" onClick={() => change(() => room.removeMember(member.userId))}>
              Remove from the room
            </button>
          </div>
        </details>
      )}
    </li>
  );
}
