// Making a room.

import { go } from "../app/navigation.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Dialog } from "../ui/dialog.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";

export function CreateRoom({ onClose }: { onClose: () => void }) {
  const { chat } = useServices();
  const task = useTask();
  const create = async (form: FormData) => {
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const made = await chat.rooms.create({
      name: text("name"),
      description: text("description") || null,
      isPrivate: form.get("isPrivate") === "on",
    });
    onClose();
    go(roomPath(made.roomId));
  };
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          void task.run(() => create(form));
        }}
      >
        <label class="field">
          <span>Name</span>
          <input name="name" required maxLength={80} autoComplete="off" dir="auto" />
        </label>
        <label class="field">
          <span>
            Topic <span class="quiet">(optional)</span>
          </span>
          <input name="description" maxLength={500} autoComplete="off" dir="auto" />
        </label>
        <label class="check">
          <input type="checkbox" name="isPrivate" />
          Private: only people who are added
        </label>
        <Problem text={task.problem} />
        <button type="submit" class="button is-primary" disabled={task.isBusy}>
          Create
        </button>
      </form>
    </Dialog>
  );
}
