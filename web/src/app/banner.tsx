// The bar at the top that tells of a connection that is gone.

import { useEffect, useRef, useState } from "preact/hooks";

import { useReadable } from "../conversation/use-readable.js";
import { type BannerPhase, bannerPhase } from "./banner-phase.js";
import { useServices } from "./services.js";

export function Banner() {
  const { chat, store } = useServices();
  const isOnline = useReadable(store.connection).status === "online";
  const { waiting } = useReadable(store.outbox);
  const shows = useBannerPhase(isOnline);
  const tryNow = (
    <button type="button" class="link" onClick={() => void chat.wake()}>
      Try now
    </button>
  );
  return (
    <div class="banner" role="status" data-shows={shows}>
      {shows === "reconnecting" && "Reconnecting…"}
      {shows === "back" && "Back online"}
      {shows === "offline" && (
        <>
          {waiting === 0
            ? "Offline."
            : `Offline — ${waiting} ${waiting === 1 ? "message" : "messages"} will be sent when you are back.`}{" "}
          {tryNow}
        </>
      )}
    </div>
  );
}

function useBannerPhase(isOnline: boolean): BannerPhase["shows"] {
  const [shows, setShows] = useState<BannerPhase["shows"]>("nothing");
  const shown = useRef(shows);
  useEffect(() => {
    const since = performance.now();
    const wasShown = shown.current !== "nothing";
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => {
      const passedMs = performance.now() - since;
      const phase: BannerPhase = isOnline
        ? wasShown
          ? bannerPhase({ backForMs: passedMs })
          : { shows: "nothing", lookAgainMs: null }
        : bannerPhase({ downForMs: passedMs });
      shown.current = phase.shows;
      setShows(phase.shows);
      if (phase.lookAgainMs !== null) timer = setTimeout(look, phase.lookAgainMs + 1);
    };
    look();
    return () => clearTimeout(timer);
  }, [isOnline]);
  return shows;
}
