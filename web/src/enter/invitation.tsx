// The link of an invite: what it leads to, and the way in for who has an account already.

import type { InvitePreview, User } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { go } from "../app/navigation.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf, useTask } from "../ui/use-task.js";
import { EnterCard } from "./card.js";

/** For somebody who is signed in. */
export function Invitation({ code, user }: { code: string; user: User }) {
  const { chat } = useServices();
  const task = useTask();
  const asked = useInvite(code);
  const room = asked && "room" in asked ? asked.room : null;
  const join = async () => {
    const { roomId } = await chat.auth.acceptInvite(code);
    go(roomId ? roomPath(roomId) : "/", { replace: true });
  };
  return (
    <EnterCard title="Your invitation">
      <InviteLead asked={asked} />
      {asked && (
        <p class="quiet">
          You are signed in as <bdi>{user.displayName || user.username}</bdi>
          {"room" in asked && !room && ", and the link leads to no room"}.
        </p>
      )}
      <Problem text={task.problem} />
      {room && (
        <button
          type="button"
          class="button is-primary"
          disabled={task.isBusy}
          onClick={() => void task.run(join)}
        >
          Join the room
        </button>
      )}
      <a class={room ? "button" : "button is-primary"} href="/">
        {room ? "Not now" : "To your rooms"}
      </a>
    </EnterCard>
  );
}

type Asked = InvitePreview | { problem: string };

/** Who invites, and where to; or why not. */
export function InviteLead({ asked }: { asked: Asked | null }) {
  if (!asked) return <p aria-busy="true" />;
  if ("problem" in asked) return <Problem text={asked.problem} />;
  const { host, room } = asked;
  return (
    <p>
      <b>
        <bdi>{host ?? "Somebody"}</bdi>
      </b>{" "}
      invites you to{" "}
      <b>
        <bdi>{room?.name ?? location.host}</bdi>
      </b>
      {room && (
        <span class="quiet">
          {" "}
          on {location.host}, {room.memberCount} {room.memberCount === 1 ? "member" : "members"}
        </span>
      )}
      .
    </p>
  );
}

/** What the invite of a link leads to; null while that is asked, or where there is none. */
export function useInvite(code: string): Asked | null {
  const { chat } = useServices();
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    let isStale = false;
    const tell = (answer: Asked) => {
      if (!isStale) setAsked(answer);
    };
    setAsked(null);
    if (code) chat.auth.checkInvite(code).then(tell, (error) => tell({ problem: sentenceOf(error) }));
    return () => {
      isStale = true;
    };
  }, [chat, code]);
  return asked;
}
