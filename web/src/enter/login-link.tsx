// A link that signs somebody in: the token in its fragment is exchanged for a session, once.

import { ChatError } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf } from "../ui/use-task.js";
import { EnterCard } from "./card.js";

export function LoginLink({ token }: { token: string }) {
  const { chat } = useServices();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setProblem("");
    chat.auth.takeOver(token).catch((error) => setProblem(whyNot(error)));
  }, [chat, token]);
  return (
    <EnterCard title={problem ? "Sign in" : "Signing in…"}>
      <Problem text={problem} />
      {problem && (
        <a class="button is-primary" href="/login">
          Sign in with a password
        </a>
      )}
    </EnterCard>
  );
}

function whyNot(error: unknown): string {
  const isSpent = error instanceof ChatError && error.reason === "unauthenticated";
  return isSpent ? "This link was used already, or has ended." : sentenceOf(error);
}
