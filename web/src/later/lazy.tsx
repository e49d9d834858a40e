// Components that are loaded later, to draw with as if they were there.

import type { ComponentType, FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";

import { type Later, later } from "./later.js";

/** All that is loaded later, except for the way in. */
export const parts = later(() => import("./parts.js"));
/** Who is signed in never needs it. */
const enter = later(() => import("../enter/index.js"));

export const ActionSheet = lazy(parts, (it) => it.ActionSheet);
export const Browse = lazy(parts, (it) => it.Browse, "main");
export const Enter = lazy(enter, (it) => it.Enter, "main");
export const FirstSteps = lazy(parts, (it) => it.FirstSteps);
export const Invitation = lazy(enter, (it) => it.Invitation, "main");
export const LoginLink = lazy(enter, (it) => it.LoginLink, "main");
export const MessageEditor = lazy(parts, (it) => it.MessageEditor);
export const Overlays = lazy(parts, (it) => it.Overlays);
export const PlacePane = lazy(parts, (it) => it.PlacePane, "aside");
export const RoomDoor = lazy(parts, (it) => it.RoomDoor, "main");
export const Settings = lazy(parts, (it) => it.Settings, "main");
export const SuggestionList = lazy(parts, (it) => it.SuggestionList);

const CLASSES = { main: "notice", aside: "pane", div: "notice" } as const;

/** The part of the page `as` stands in its place until it is there; without one, nothing does. */
function lazy<M, P extends object>(
  file: Later<M>,
  pick: (module: M) => ComponentType<P>,
  as: keyof typeof CLASSES = "div",
): FunctionComponent<P> {
  const Stand = as;
  // A screen has a heading whatever happens to it.
  const Title = as === "main" ? "h1" : "p";
  return function Lazy(props: P) {
    useEffect(() => file.load(), []);
    const module = file.loaded.value;
    if (module) {
      const Part = pick(module);
      return <Part {...props} />;
    }
    if (!file.hasFailed.value) return as === "div" ? null : <Stand class={CLASSES[as]} aria-busy="true" />;
    return (
      <Stand class={CLASSES[as]}>
        <Title>This part could not be loaded.</Title>
        <button type="button" class="button" onClick={() => location.reload()}>
          Reload
        </button>
      </Stand>
    );
  };
}
