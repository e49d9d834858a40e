// The line icons of the conversation, on a grid of 20 pixels.

const PATHS = {
  edit: "M4 16l.8-3.4L13 4.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.4 15.2 4 16zM11.6 5.8l2.6 2.6",
  delete: "M4.5 6h11M8 6V4.4h4V6M6 6l.7 9.6h6.6L14 6M8.7 8.8v4.2M11.3 8.8v4.2",
  link: "M8.6 11.4a3 3 0 0 0 4.2 0l2.4-2.4A3 3 0 0 0 11 4.8l-.8.8M11.4 8.6a3 3 0 0 0-4.2 0L4.8 11A3 3 0 0 0 9 15.2l.8-.8",
  quote: "M4 5v10M7.5 6h8.5M7.5 10h8.5M7.5 14h5",
  unread: "M11 5.5H5.2A1.7 1.7 0 0 0 3.5 7.2v6.6a1.7 1.7 0 0 0 1.7 1.7h9.6a1.7 1.7 0 0 0 1.7-1.7V9.5",
  copy: "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
  send: "M10 16V4.5M5 9.3l5-4.8 5 4.8",
  down: "M10 4v11.5M5 10.7l5 4.8 5-4.8",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon that says nothing by itself: what it is for stands beside it or in the label of its button. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.5"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      {name === "unread" && <circle cx="15.5" cy="5.5" r="2.5" fill="currentColor" />}
    </svg>
  );
}
