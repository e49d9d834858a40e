// How many members of a room are there now.

import { useEffect, useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";

export function useOnlineCount(roomId: string): number {
  const { store } = useServices();
  const list = useReadable(store.members(roomId));
  const me = useReadable(store.me);
  const [, redraw] = useState({});
  useEffect(() => {
    const offs = list.members.map(({ userId }) => store.presence(userId).subscribe(() => redraw({})));
    return () => {
      for (const off of offs) off();
    };
  }, [store, list]);
  // Who looks at this is there, whatever the server has heard so far.
  const isHere = (userId: string) => userId === me?.id || store.presence(userId).get()?.status === "online";
  return list.members.filter(({ userId }) => isHere(userId)).length;
}
