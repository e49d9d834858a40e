// How many members of a room are there now.

import { useEffect, useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";

export function useOnlineCount(roomId: string): number {
  const { store } = useServices();
  const list = useReadable(store.members(roomId));
  const [, redraw] = useState({});
  useEffect(() => {
    const offs = list.members.map(({ userId }) => store.presence(userId).subscribe(() => redraw({})));
    return () => {
      for (const off of offs) off();
    };
  }, [store, list]);
  return list.members.filter(({ userId }) => store.presence(userId).get()?.status === "online").length;
}
