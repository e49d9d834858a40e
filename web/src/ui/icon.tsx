// The line icons, on a grid of 20 pixels.

const PATHS = {
  plus: "M10 4v12M4 10h12",
  browse: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM12.8 7.2l-1.5 4.1-4.1 1.5 1.5-4.1 4.1-1.5Z",
  back: "M12 4 6 10l6 6",
  close: "m5 5 10 10M15 5 5 15",
  people:
    "M8 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM2.5 16c.6-3 2.7-4.5 5.5-4.5s4.9 1.5 5.5 4.5M13 4.5a3 3 0 0 1 0 5M15 12c1.5.6 2.3 2 2.6 4",
  lock: "M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  gear: "M4 6h5M13 6h3M4 14h3M11 14h5M9 6a2 2 0 1 0 4 0 2 2 0 0 0-4 0ZM7 14a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z",
  leave: "M8 4H4v12h4M13 6l4 4-4 4M17 10H8",
  invite: "M8 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM2.5 16c.6-3 2.7-4.5 5.5-4.5 1.4 0 2.6.4 3.5 1.1M15 11v6M12 14h6",
  rooms: "M8 3.5 6.5 16.5M13.5 3.5 12 16.5M3.5 7.5h13M3.5 12.5h13",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1 1H4l1-1ZM8.5 17.2h3",
  muted: "M5 14V9a5 5 0 0 1 8-4M15 9.5V14l1 1H4l1-1M8.5 17.2h3M3 3l14 14",
  person: "M10 3.5a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4ZM3.8 16.5c.7-3.2 3-4.8 6.2-4.8s5.5 1.6 6.2 4.8",
  edit: "M4 16l.8-3.4L13 4.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.4 15.2 4 16zM11.6 5.8l2.6 2.6",
  delete: "M4.5 6h11M8 6V4.4h4V6M6 6l.7 9.6h6.6L14 6M8.7 8.8v4.2M11.3 8.8v4.2",
  link: "M8.6 11.4a3 3 0 0 0 4.2 0l2.4-2.4A3 3 0 0 0 11 4.8l-.8.8M11.4 8.6a3 3 0 0 0-4.2 0L4.8 11A3 3 0 0 0 9 15.2l.8-.8",
  quote: "M4 5v10M7.5 6h8.5M7.5 10h8.5M7.5 14h5",
  unread: "M11 5.5H5.2A1.7 1.7 0 0 0 3.5 7.2v6.6a1.7 1.7 0 0 0 1.7 1.7h9.6a1.7 1.7 0 0 0 1.7-1.7V9.5",
  copy: "M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3",
  send: "M10 16V4.5M5 9.3l5-4.8 5 4.8",
  fold: "M3.5 4.5h13v11h-13zM8 4.5v11M13.2 8l-2 2 2 2",
  unfold: "M3.5 4.5h13v11h-13zM8 4.5v11M11.2 8l2 2-2 2",
  more: "M5 9.9v.2M10 9.9v.2M15 9.9v.2",
  check: "m4.5 10.5 3.7 3.7 7.3-8",
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
