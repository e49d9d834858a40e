// Who moves by keyboard lands on the heading of the new screen.

import { useEffect, useRef } from "preact/hooks";

import { cameByKeyboard } from "../app/navigation.js";

/** For the `h1` of a screen; `screen` names what it is the heading of. */
export function useFocusHeading(screen: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (cameByKeyboard.peek()) heading.current?.focus();
    cameByKeyboard.value = false;
  }, [screen]);
  return heading;
}
