// What is left to do for a new server: a card in its first room. Steps tick themselves; the card can be put away for good.

import type { Steps } from "fireside-chat";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { allowNotifications, canNotify } from "../app/notifications.js";
import { overlay } from "../app/overlay.js";
import { preferences } from "../app/preferences.js";
import { useServices } from "../app/services.js";
import { Icon } from "../ui/icon.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";
import { isOnlyHere, postCommand, START_COMMAND, TOKEN_COMMAND } from "./commands.js";

export function FirstSteps() {
  const { chat } = useServices();
  const [steps, setSteps] = useState<Steps | null>(null);
  const task = useTask();
  const isCovered = overlay.value !== null;
  useEffect(() => {
    if (isCovered) return;
    // What cannot be read is asked for again at the next look; a card that may have been put away is not shown.
    const look = () => void chat.rest.call("GET /auth/first-steps", {}).then((answer) => setSteps(answer.steps), () => {});
    look();
    // Some steps are taken elsewhere: on a command line, by others.
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [chat, isCovered]);
  if (!steps) return null;
  const dismiss = async () => {
    await chat.rest.call("DELETE /auth/first-steps", {});
    setSteps(null);
    // The button that had the focus is gone.
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
  };
  return (
    <section class="first-steps" aria-labelledby="first-steps-title">
      <h2 id="first-steps-title">First steps</h2>
      <ol>
        <Step isDone={steps.hasInvited} title="Invite people">
          <button type="button" class="button" onClick={() => (overlay.value = "invite")}>
            Link and QR code
          </button>
        </Step>
        {canNotify() && <NotificationStep />}
        <Step isDone={steps.hasService} title="Connect a service">
          <How>
            <p>A bot or a back end needs a token. Stop the server, unless its database is PostgreSQL, and make one:</p>
            <Command text={TOKEN_COMMAND} />
            <p>Start it again, and post with the token:</p>
            <Command text={postCommand(location.origin)} />
          </How>
        </Step>
        <Step isDone={!isOnlyHere(location.hostname)} title="Put it on the network">
          <How>
            <p>Only this computer can connect. To open it up, start the server with its public address:</p>
            <Command text={START_COMMAND} />
          </How>
        </Step>
      </ol>
      <Problem text={task.problem} />
      <button type="button" class="link" disabled={task.isBusy} onClick={() => void task.run(dismiss)}>
        Do not show this again
      </button>
    </section>
  );
}

function Step({ isDone, title, children }: { isDone: boolean; title: string; children: ComponentChildren }) {
  return (
    <li class={isDone ? "is-done" : ""}>
      <span class="step-mark">{isDone && <Icon name="check" />}</span>
      <div>
        <h3>
          {title}
          {isDone && <span class="visually-hidden"> (done)</span>}
        </h3>
        {!isDone && children}
      </div>
    </li>
  );
}

function How({ children }: { children: ComponentChildren }) {
  return (
    <details>
      <summary>Show how</summary>
      <div class="step-how">{children}</div>
    </details>
  );
}

function NotificationStep() {
  const [isRefused, setRefused] = useState(false);
  const isDone = preferences.value.notify && Notification.permission === "granted";
  const allow = async () => setRefused(!(await allowNotifications()));
  return (
    <Step isDone={isDone} title="Turn on notifications">
      <button type="button" class="button" onClick={() => void allow()}>
        Turn on
      </button>
      <p class="hint" role="status">
        {isRefused && "The browser does not allow it. It can be allowed in the settings of this page."}
      </p>
    </Step>
  );
}

/** Something to type elsewhere. */
function Command({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div class="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line scrolls, for keys too */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      {/* Clipboards are for secure origins; elsewhere one selects it. */}
      {navigator.clipboard && (
        <button
          type="button"
          class="icon-button"
          aria-label={isCopied ? "Copied" : "Copy command"}
          onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
        >
          <Icon name={isCopied ? "check" : "copy"} />
        </button>
      )}
    </div>
  );
}
