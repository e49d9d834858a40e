// Something that is asked of the server: it runs once at a time, and says in words when it failed.

import { ChatError } from "fireside-chat";
import { useState } from "preact/hooks";

import { sentence } from "./sentence.js";

export interface Task {
  readonly isBusy: boolean;
  /** What went wrong last, for people; empty where nothing did. */
  readonly problem: string;
  /** The field at fault, where there is one. */
  readonly field: string | undefined;
  /** Runs; while it does, further calls do nothing. Answers whether it worked. */
  run(work: () => Promise<unknown>): Promise<boolean>;
}

export function useTask(): Task {
  const [state, setState] = useState<{ isBusy: boolean; error: unknown }>({ isBusy: false, error: null });
  const { isBusy, error } = state;
  return {
    isBusy,
    problem: error === null ? "" : sentenceOf(error),
    field: error instanceof ChatError ? error.field : undefined,
    run: async (work) => {
      if (isBusy) return false;
      setState({ isBusy: true, error: null });
      try {
        await work();
        setState({ isBusy: false, error: null });
        return true;
      } catch (failure) {
        setState({ isBusy: false, error: failure });
        return false;
      }
    },
  };
}

/** What an error says to people. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ChatError)) return "That did not work. Please try again.";
  if (error.reason === "offline" || error.reason === "timeout")
    return `Cannot reach ${location.host}. Please try again.`;
  if (error.reason === "rate_limited") {
    const seconds = Math.ceil((error.retryAfterMs ?? 1000) / 1000);
    return `Too many attempts. Please wait ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  }
  return sentence(error.message, error.field);
}
