// The bar at the top: it tells of a connection that is gone, and of a new version of the page.

import { useEffect, useRef, useState } from "preact/hooks";

import { useReadable } from "../conversation/use-readable.js";
import { type BannerPhase, bannerPhase } from "./banner-phase.js";
import { route } from "./navigation.js";
import { useServices } from "./services.js";
import { isUpdateReady } from "./update.js";

export function Banner() {
  const { chat, store } = useServices();
  const isOnline = useReadable(store.connection).status === "online";
  const { waiting } = useReadable(store.outbox);
  const shows = useBannerPhase(isOnline);
  const isWriting = useIsWriting();
  const tryNow = (
    <button type="button" class="link" onClick={() => void chat.wake()}>
      Try now
    </button>
  );
  return (
    <div class="banner" role="status" data-shows={shows}>
      {shows === "reconnecting" && "Reconnecting…"}
      {shows === "back" && "Back online"}
      {shows === "nothing" && isUpdateReady.value && !isWriting && (
        <>
          A new version is ready.{" "}
          <button type="button" class="link" onClick={() => location.reload()}>
            Reload
          </button>
        </>
      )}
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

/** Whether something is in the field one writes in: nobody is interrupted for a new version. */
function useIsWriting(): boolean {
  const [isWriting, setWriting] = useState(false);
  const current = route.value;
  useEffect(() => {
    const look = () =>
      setWriting((document.querySelector<HTMLTextAreaElement>(".composer textarea")?.value ?? "") !== "");
    look();
    // A message that was sent leaves the field empty without an input.
    const events = ["input", "keyup", "click"] as const;
    for (const event of events) addEventListener(event, look);
    return () => {
      for (const event of events) removeEventListener(event, look);
    };
  }, [current]);
  return isWriting;
}
