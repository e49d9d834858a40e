// A link with which others can make an account here.

import type { Invite as MadeInvite } from "fireside-chat";
import { useRef, useState } from "preact/hooks";

import { invitePath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Dialog } from "../ui/dialog.js";
import { Problem } from "../ui/problem.js";
import { useTask } from "../ui/use-task.js";

const USES = 20;

export function Invite({ onClose }: { onClose: () => void }) {
  const { chat } = useServices();
  const [invite, setInvite] = useState<MadeInvite | null>(null);
  const task = useTask();
  return (
    <Dialog title="Invite people" onClose={onClose}>
      {invite ? (
        <InviteLink invite={invite} />
      ) : (
        <>
          <p>A link lets up to {USES} people make an account on this server, for a week.</p>
          <Problem text={task.problem} />
          <button
            type="button"
            class="button is-primary"
            disabled={task.isBusy}
            onClick={() => void task.run(async () => setInvite(await chat.auth.createInvite({ uses: USES })))}
          >
            Make a link
          </button>
        </>
      )}
    </Dialog>
  );
}

function InviteLink({ invite }: { invite: MadeInvite }) {
  const field = useRef<HTMLInputElement>(null);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    field.current?.select();
    // Clipboards are for secure origins; elsewhere the link is selected, ready for one's own keys.
    await navigator.clipboard?.writeText(field.current?.value ?? "").then(() => setCopied(true));
  };
  const until = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(invite.expiresAt));
  return (
    <>
      <label class="field">
        <span>Link</span>
        <span class="with-button">
          <input ref={field} readOnly value={location.origin + invitePath(invite.code)} />
          <button type="button" class="button" onClick={() => void copy()}>
            Copy
          </button>
        </span>
      </label>
      <p class="hint" role="status">
        {isCopied ? "Copied." : `For ${invite.usesLeft} people, until ${until}. It is shown only once.`}
      </p>
    </>
  );
}
