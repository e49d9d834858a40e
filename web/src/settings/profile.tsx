// One's own name and password.

import { useServices } from "../app/services.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { type Fields, TaskForm } from "../ui/task-form.js";

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
  return (
    <TaskForm
      button="Save"
      done="Saved."
      submit={(fields) => chat.auth.updateMe({ displayName: fields.text("displayName") || null })}
    >
      <label class="field">
        <span>Name as others see it</span>
        <input name="displayName" maxLength={64} autoComplete="name" dir="auto" value={displayName} />
      </label>
    </TaskForm>
  );
}

function PasswordForm({ username }: { username: string }) {
  const { chat } = useServices();
  const change = async (fields: Fields, form: HTMLFormElement) => {
    const passwords = { currentPassword: fields.exact("currentPassword"), newPassword: fields.exact("newPassword") };
    await chat.auth.changePassword(passwords);
    form.reset();
  };
  return (
    <TaskForm
      button="Change password"
      isPrimary={false}
      done="Changed. All other devices are signed out."
      submit={change}
    >
      <h2>Password</h2>
      <input type="hidden" name="username" autoComplete="username" value={username} />
      <label class="field">
        <span>Current password</span>
        <input name="currentPassword" type="password" required maxLength={256} autoComplete="current-password" />
      </label>
      <label class="field">
        <span>New password</span>
        <input name="newPassword" type="password" required minLength={8} maxLength={256} autoComplete="new-password" />
      </label>
    </TaskForm>
  );
}
