// Whether somebody is there: by shape, by colour, and in words for who sees neither.

export function Presence({ isOnline }: { isOnline: boolean }) {
  return (
    <span class={isOnline ? "presence is-online" : "presence"}>
      <span class="visually-hidden">{isOnline ? "online" : "offline"}</span>
    </span>
  );
}
