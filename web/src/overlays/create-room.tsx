// Making a room.

import { goAndWrite } from "../app/navigation.js";
import { roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Dialog } from "../ui/dialog.js";
import { RoomFields, roomOf } from "../ui/room-fields.js";
import { type Fields, TaskForm } from "../ui/task-form.js";

export function CreateRoom({ onClose }: { onClose: () => void }) {
  const { chat } = useServices();
  const create = async (fields: Fields) => {
    const made = await chat.rooms.create(roomOf(fields));
    onClose();
    goAndWrite(roomPath(made.roomId));
  };
  return (
    <Dialog title="Create a room" onClose={onClose}>
      <TaskForm submit={create} button="Create">
        <RoomFields room={null} />
      </TaskForm>
    </Dialog>
  );
}
