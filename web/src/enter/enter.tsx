// The way in: signing in, making an account, and claiming a new server.

import { useRef, useState } from "preact/hooks";

import { go, route } from "../app/navigation.js";
import { BEGINNING_PATH } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";
import { EnterCard } from "./card.js";
import { InviteLead, useInvite } from "./invitation.js";
import { chosenIn, SetupQuestions } from "./setup-questions.js";

type Way = "login" | "register" | "setup";

const TITLES: Record<Way, string> = {
  login: "Sign in",
  register: "Make an account",
  setup: "Set up this server",
};
const BUTTONS: Record<Way, string> = { login: "Sign in", register: "Sign up", setup: "Set up" };

/** `notice` says why one is here again. */
export function Enter({ notice }: { notice: string }) {
  const current = route.value;
  const { name } = current;
  const [chosen, setChosen] = useState<Way | null>(null);
  const invited = current.name === "join" ? current.code : "";
  const invite = useInvite(invited);
  const way = chosen ?? (name === "setup" ? "setup" : name === "join" ? "register" : "login");
  const swap = way === "login" ? "register" : "login";
  return (
    <EnterCard title={TITLES[way]}>
      {invited ? <InviteLead asked={invite} /> : <Lead way={way} notice={notice} />}
      <EnterForm key={way} way={way} />
      {way !== "setup" && (
        <p class="enter-swap">
          {way === "login" ? "New here?" : "You have an account?"}{" "}
          <button type="button" class="link" onClick={() => setChosen(swap)}>
            {TITLES[swap]}
          </button>
        </p>
      )}
    </EnterCard>
  );
}

function Lead({ way, notice }: { way: Way; notice: string }) {
  const text =
    notice ||
    (way === "setup"
      ? "It is new. Whoever follows the link that it printed becomes its administrator."
      : way === "register"
        ? `You are about to join ${location.host}.`
        : "");
  return text ? <p class="quiet">{text}</p> : null;
}

function EnterForm({ way }: { way: Way }) {
  const { chat } = useServices();
  const task = useTask();
  const current = route.value;
  const isNew = way !== "login";
  const username = useRef<HTMLInputElement>(null);
  const suggested = useRef("");
  /** Until somebody chooses another one, it follows the name. */
  const suggest = (name: string) => {
    const field = username.current;
    if (!field || field.value !== suggested.current) return;
    field.value = suggested.current = usernameFor(name);
  };

  const enter = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const fields = { username: text("username"), password: String(form.get("password") ?? "") };
    const shown = { ...fields, displayName: text("displayName") || null };
    if (way === "login") await chat.auth.login(fields);
    else if (way === "register") await chat.auth.register({ ...shown, invite: text("invite") || null });
    else await chat.auth.setup({ ...shown, ...chosenIn(form), token: current.name === "setup" ? current.token : "" });
    // A place one wanted to see is shown now, an invite, too; the ways in are left behind, with their tokens.
    if (current.name === "join" && !isNew) return;
    if (["login", "setup", "join"].includes(current.name)) go(isNew ? BEGINNING_PATH : "/", { replace: true });
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        void task.run(() => enter(form));
      }}
    >
      {isNew && (
        <label class="field">
          <span>
            Name <span class="quiet">(as others see it, optional)</span>
          </span>
          <input
            name="displayName"
            maxLength={64}
            autoComplete="name"
            dir="auto"
            onInput={(event) => suggest(event.currentTarget.value)}
          />
        </label>
      )}
      <div class="field">
        <label for="enter-username">Username</label>
        <input
          ref={username}
          id="enter-username"
          name="username"
          required
          maxLength={64}
          autoComplete="username"
          autoCapitalize="none"
          spellcheck={false}
          aria-describedby={isNew ? "enter-username-hint" : undefined}
        />
        {isNew && (
          <p id="enter-username-hint" class="hint">
            2 to 32 letters, digits, dots, hyphens or underscores.
          </p>
        )}
      </div>
      <Password isNew={isNew} />
      {way === "register" && <InviteField code={current.name === "join" ? current.code : ""} />}
      {way === "setup" && <SetupQuestions token={current.name === "setup" ? current.token : ""} />}
      <Problem text={task.problem} />
      <button type="submit" class="button is-primary" disabled={task.isBusy}>
        {BUTTONS[way]}
      </button>
    </form>
  );
}

/** `bjorn.lind` for `Björn Lind`; nothing where too little can be written so. */
function usernameFor(name: string): string {
  const letters = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9 ._-]/gu, "");
  const made = letters.trim().replace(/ +/gu, ".").slice(0, 32);
  return made.length < 2 ? "" : made;
}

function Password({ isNew }: { isNew: boolean }) {
  const [isShown, setShown] = useState(false);
  return (
    <div class="field">
      <label for="enter-password">Password</label>
      <div class="with-button">
        <input
          {...(isShown ? { type: "text" } : { type: "password" })}
          id="enter-password"
          name="password"
          required
          maxLength={256}
          autoComplete={isNew ? "new-password" : "current-password"}
          aria-describedby={isNew ? "enter-password-hint" : undefined}
        />
        <button
          type="button"
          class="button"
          aria-controls="enter-password"
          aria-label={isShown ? "Hide password" : "Show password"}
          onClick={() => setShown(!isShown)}
        >
          {isShown ? "Hide" : "Show"}
        </button>
      </div>
      {isNew && (
        <p id="enter-password-hint" class="hint">
          At least 8 characters.
        </p>
      )}
    </div>
  );
}

/** Of somebody who followed an invite the code is known already. */
function InviteField({ code }: { code: string }) {
  if (code) return <input type="hidden" name="invite" value={code} />;
  return (
    <label class="field">
      <span>
        Invite code <span class="quiet">(if this server asks for one)</span>
      </span>
      <input name="invite" maxLength={128} autoComplete="off" autoCapitalize="none" spellcheck={false} />
    </label>
  );
}
