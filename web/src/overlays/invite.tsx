// A link with which others can make an account here, or join a room with the one they have.

import type { Invite as MadeInvite, Room } from "fireside-chat";
import { useEffect, useRef, useState } from "preact/hooks";

import { route } from "../app/navigation.js";
import { invitePath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { QrCode } from "../qr-code/qr-code.js";
import { Dialog } from "../ui/dialog.js";
import { type Fields, TaskForm } from "../ui/task-form.js";

const USES = [1, 5, 20, 100, 1000];
const DAYS = { "a day": 1, "a week": 7, "a month": 30 };

export function Invite({ onClose }: { onClose: () => void }) {
  const { chat, store } = useServices();
  const [invite, setInvite] = useState<MadeInvite | null>(null);
  const rooms = useReadable(store.rooms);
  const make = async (fields: Fields) => {
    setInvite(await chat.auth.createInvite({
        uses: Number(fields.text("uses")),
        hours: Number(fields.text("days")) * 24,
        roomId: fields.text("room") || null,
      }));
  };
  return (
    <Dialog title="Invite people" onClose={onClose}>
      {invite ? (
        <InviteLink invite={invite} />
      ) : (
        <TaskForm submit={make} button="Make a link">
          <p>With a link others make an account on this server, or join the room with the one they have.</p>
          <label class="field">
            <span>They begin in</span>
            <select name="room">
              {rooms.map(({ key, room, title }) => (
                <option key={key} value={room?.id} selected={isShown(room)}>
                  {title}
                </option>
              ))}
              <option value="">No room yet</option>
            </select>
          </label>
          <label class="field">
            <span>How many may use it</span>
            <select name="uses">
              {USES.map((uses) => (
                <option key={uses} selected={uses === 20}>
                  {uses}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>It ends after</span>
            <select name="days">
              {Object.entries(DAYS).map(([text, days]) => (
                <option key={days} value={days} selected={days === 7}>
                  {text}
                </option>
              ))}
            </select>
          </label>
        </TaskForm>
      )}
    </Dialog>
  );
}

function isShown(room: Room | null): boolean {
  const shown = route.value.name === "room" ? route.value.room : "";
  return room !== null && [room.id, room.slug].includes(shown);
}

function InviteLink({ invite }: { invite: MadeInvite }) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  // The button that made it is gone, and had the focus.
  useEffect(() => field.current?.select(), []);
  const copy = async () => {
    field.current?.select();
    // Clipboards are for secure origins; elsewhere the link is selected, ready for one's own keys.
    await navigator.clipboard?.writeText(field.current?.value ?? "").then(() => setCopied(true));
  };
  const link = location.origin + invitePath(invite.code);
  const until = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(invite.expiresAt));
  return (
    <>
      <label class="field">
        <span>Link</span>
        <span class="with-button">
          <input ref={field} readOnly value={link} />
          <button type="button" class="button" onClick={() => void copy()}>
            Copy
          </button>
        </span>
      </label>
      <p class="hint" role="status">
        {isCopied ? "Copied." : `For ${invite.usesLeft} ${invite.usesLeft === 1 ? "person" : "people"}, until ${until}. It is shown only once.`}
      </p>
      <QrCode text={link} label="QR code of the link" />
    </>
  );
}
