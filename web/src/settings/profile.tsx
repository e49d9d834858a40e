// One's own name and password.

import { useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";

export function Profile() {
  const { store } = useServices();
  const me = useReadable(store.me);
  if (!me) return null;
  return (
    <div class="settings-part">
      <p class="me">
        <Tile person={me} />
        <span class="person-names">
          <bdi class="person-name">{nameOf(me)}</bdi>
          <span class="quiet">@{me.username}</span>
        </span>
      </p>
      <NameForm key={me.id} displayName={me.displayName ?? ""} />
      <PasswordForm username={me.username} />
    </div>
  );
}

function NameForm({ displayName }: { displayName: string }) {
  const { chat } = useServices();
  const task = useTask();
  const [isSaved, setSaved] = useState(false);
  const save = async (form: FormData) => {
    await chat.auth.updateMe({ displayName: String(form.get("displayName") ?? "").trim() || null });
    setSaved(true);
  };
  return (
    <form
      onInput={() => setSaved(false)}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        void task.run(() => save(form));
      }}
    >
      <label class="field">
        <span>Name as others see it</span>
        <input name="displayName" maxLength={64} autoComplete="name" dir="auto" value={displayName} />
      </label>
      <Problem text={task.problem} />
      <button type="submit" class="button is-primary" disabled={task.isBusy}>
        Save
      </button>
      <p class="hint" role="status">
        {isSaved ? "Saved." : ""}
      </p>
    </form>
  );
}

function PasswordForm({ username }: { username: string }) {
  const { chat } = useServices();
  const task = useTask();
  const [isSaved, setSaved] = useState(false);
  const save = async (form: HTMLFormElement) => {
    const fields = new FormData(form);
    const text = (name: string) => String(fields.get(name) ?? "");
    await chat.auth.changePassword({ currentPassword: text("currentPassword"), newPassword: text("newPassword") });
    form.reset();
    setSaved(true);
  };
  return (
    <form
      onInput={() => setSaved(false)}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        void task.run(() => save(form));
      }}
    >
      <h2>Password</h2>
      <input type="hidden" name="username" autoComplete="username" value={username} />
      <label class="field">
        <span>Password so far</span>
        <input name="currentPassword" type="password" required maxLength={256} autoComplete="current-password" />
      </label>
      <label class="field">
        <span>New password</span>
        <input name="newPassword" type="password" required minLength={8} maxLength={256} autoComplete="new-password" />
      </label>
      <Problem text={task.problem} />
      <button type="submit" class="button" disabled={task.isBusy}>
        Change password
      </button>
      <p class="hint" role="status">
        {isSaved ? "Changed. All other devices are signed out." : ""}
      </p>
    </form>
  );
}
