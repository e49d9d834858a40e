// Finding somebody by name.

import type { User } from "fireside-chat";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { useServices } from "../app/services.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { sentenceOf } from "./use-task.js";

const PAUSE_MS = 150;
const SHOWN = 8;

interface Props {
  label: string;
  /** Ids of people who are not to be found. */
  exclude: ReadonlySet<string>;
  onPick: (user: User) => void;
}

export function PersonSearch({ label, exclude, onPick }: Props) {
  const { chat } = useServices();
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<{ query: string; users: User[]; problem: string } | null>(null);
  const [chosen, setChosen] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const wanted = query.trim();

  useEffect(() => {
    if (wanted === "") return;
    let isStale = false;
    const search = async () => {
      const answer = await chat.users
        .search(wanted, { limit: SHOWN + exclude.size })
        .then((users) => ({ query: wanted, users, problem: "" }))
        .catch((error: unknown) => ({ query: wanted, users: [], problem: sentenceOf(error) }));
      if (isStale) return;
      setFound(answer);
      setChosen(0);
    };
    const timer = setTimeout(search, PAUSE_MS);
    return () => {
      isStale = true;
      clearTimeout(timer);
    };
  }, [wanted]);

  const users = wanted ? (found?.users ?? []).filter((user) => !exclude.has(user.id)).slice(0, SHOWN) : [];
  const pick = (user: User | undefined) => {
    if (!user) return;
    setQuery("");
    setFound(null);
    field.current?.focus();
    onPick(user);
  };
  const pressed = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && users.length > 0) setChosen((chosen + step + users.length) % users.length);
    else if (event.key === "Enter" && !event.isComposing) pick(users[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <div class="person-search">
      <label class="field">
        <span>{label}</span>
        <input
          ref={field}
          role="combobox"
          value={query}
          placeholder="Name or username"
          autoComplete="off"
          spellcheck={false}
          dir="auto"
          aria-autocomplete="list"
          aria-expanded={users.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={users.length > 0 ? `${id}-${chosen}` : undefined}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={pressed}
        />
      </label>
      <div class="found" role="listbox" id={`${id}-list`} aria-label="People found">
        {users.map((user, index) => (
          <div
            key={user.id}
            id={`${id}-${index}`}
            role="option"
            class="found-person"
            aria-selected={index === chosen}
            onClick={() => pick(user)}
          >
            <Tile person={user} />
            <bdi>{nameOf(user)}</bdi> <span class="quiet">@{user.username}</span>
          </div>
        ))}
      </div>
      {wanted !== "" && found?.query === wanted && users.length === 0 && (
        <p class="hint" role="status">
          {found.problem || "Nobody by that name."}
        </p>
      )}
    </div>
  );
}
