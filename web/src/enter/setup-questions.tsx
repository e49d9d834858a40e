// What whoever claims a new server decides about it. Every answer is there already: the usual one.

import type { Claim, Signup, SignupRule } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { useServices } from "../app/services.js";

const ANSWERS: readonly (readonly [signup: Signup, label: string])[] = [
  ["invite", "People with an invite link"],
  ["open", "Anyone who can reach this server"],
  ["closed", "Only people I add"],
];

/** What was answered; nothing about who may join where that was not asked. */
export function chosenIn(form: FormData): Pick<Claim, "signup" | "sampleRooms"> {
  const answer = form.get("signup");
  const signup = ANSWERS.find(([signup]) => signup === answer)?.[0] ?? null;
  return { signup, sampleRooms: form.get("sampleRooms") === "on" };
}

export function SetupQuestions({ token }: { token: string }) {
  const { chat } = useServices();
  const [rule, setRule] = useState<SignupRule | null>(null);
  useEffect(() => {
    // Without an answer it is asked; a server that was started with another one says so.
    chat.rest.call("POST /auth/setup/check", { body: { token } }).then(setRule, () => {});
  }, [chat, token]);
  return (
    <>
      {rule?.isFixed ? <Fixed signup={rule.signup} /> : <WhoCanJoin />}
      <label class="check">
        <input type="checkbox" name="sampleRooms" />
        Add sample rooms
      </label>
    </>
  );
}

function WhoCanJoin() {
  return (
    <fieldset class="choice is-list">
      <legend>Who can join?</legend>
      {ANSWERS.map(([signup, label], index) => (
        <label key={signup}>
          <input type="radio" name="signup" value={signup} defaultChecked={index === 0} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}

function Fixed({ signup }: { signup: Signup }) {
  const label = ANSWERS.find(([answer]) => answer === signup)?.[1];
  return (
    <p>
      <strong>Who can join?</strong> {label}. <span class="quiet">The server was started with that.</span>
    </p>
  );
}
