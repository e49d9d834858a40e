// Beginning a conversation with somebody.

import { goAndWrite } from "../app/navigation.js";
import { directPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Dialog } from "../ui/dialog.js";
import { PersonSearch } from "../ui/person-search.js";

export function NewDirect({ onClose }: { onClose: () => void }) {
  const { store } = useServices();
  const me = store.me.get()?.id ?? "";
  return (
    <Dialog title="Message someone" onClose={onClose}>
      <PersonSearch
        label="To"
        exclude={new Set([me])}
        onPick={(user) => {
          onClose();
          goAndWrite(directPath(user.id));
        }}
      />
    </Dialog>
  );
}
