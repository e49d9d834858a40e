// A form whose button asks the server for something, and that says what became of it.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Problem } from "./problem.js";
import { useTask } from "./use-task.js";

interface Props {
  /** Does what the form is for, with what stands in it. */
  submit: (fields: Fields, form: HTMLFormElement) => Promise<unknown>;
  /** What the button says. */
  button: string;
  isPrimary?: boolean;
  /** What to say afterwards, until somebody writes again. */
  done?: string;
  children: ComponentChildren;
}

export function TaskForm({ submit, button, isPrimary = true, done, children }: Props) {
  const task = useTask();
  const [isDone, setDone] = useState(false);
  return (
    <form
      onInput={() => setDone(false)}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const fields = new Fields(form);
        void task.run(async () => {
          await submit(fields, form);
          setDone(true);
        });
      }}
    >
      {children}
      <Problem text={task.problem} />
      <button type="submit" class={isPrimary ? "button is-primary" : "button"} disabled={task.isBusy}>
        {button}
      </button>
      {done !== undefined && (
        <p class="hint" role="status">
          {isDone ? done : ""}
        </p>
      )}
    </form>
  );
}

/** What stands in the fields of a form, by their names. */
export class Fields {
  readonly #data: FormData;

  constructor(form: HTMLFormElement) {
    this.#data = new FormData(form);
  }

  /** As it was typed: for passwords. */
  exact(name: string): string {
    return String(this.#data.get(name) ?? "");
  }

  /** Without blanks around it. */
  text(name: string): string {
    return this.exact(name).trim();
  }

  isChecked(name: string): boolean {
    return this.#data.get(name) === "on";
  }
}
