// The devices one is signed in on.

import type { Session } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf, useTask } from "../ui/use-task.js";

export function Sessions() {
  const { chat } = useServices();
  const [sessions, setSessions] = useState<Session[] | null>(null);
  const [problem, setProblem] = useState("");
  const task = useTask();
  const read = async () => {
    try {
      setSessions(await chat.auth.sessions());
      setProblem("");
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  useEffect(() => {
    void read();
    // Another device that signs in or out is told at once.
    return chat.on("user:changed", ({ session }) => session && void read());
  }, [chat]);
  return (
    <div class="settings-part">
      <Problem text={problem || task.problem} />
      <ul class="cards" aria-busy={sessions === null}>
        {sessions?.map((session) => (
          <li key={session.id} class="room-card">
            <div class="room-card-words">
              <p class="person-name">
                {deviceOf(session)}
                {session.current && <span class="tag">this one</span>}
              </p>
              <p class="hint">
                {session.address && `${session.address} · `}last used {dateOf(session.lastUsedAt)}
              </p>
            </div>
            {!session.current && (
              <button
                type="button"
                class="button"
                disabled={task.isBusy}
                aria-label={`Sign out ${deviceOf(session)}`}
                onClick={() => void task.run(() => chat.auth.endSession(session.id).then(read))}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** `Firefox on Linux`, as far as a device tells. */
export function deviceOf({ name, userAgent }: Pick<Session, "name" | "userAgent">): string {
  if (name) return name;
  const told = userAgent ?? "";
  const find = (words: readonly (readonly [RegExp, string])[]) => words.find(([sign]) => sign.test(told))?.[1];
  const browser = find([
    [/Edg\//u, "Edge"],
    [/Firefox\//u, "Firefox"],
    [/Chrom(e|ium)\//u, "Chrome"],
    [/Safari\//u, "Safari"],
  ]);
  const system = find([
    [/Android/u, "Android"],
    [/iPhone|iPad/u, "iOS"],
    [/Windows/u, "Windows"],
    [/Mac OS/u, "macOS"],
    [/Linux/u, "Linux"],
  ]);
  if (!browser && !system) return told.slice(0, 40) || "Unknown device";
  return [browser ?? "Something", system && `on ${system}`].filter(Boolean).join(" ");
}

function dateOf(at: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}
