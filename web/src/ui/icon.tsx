// The line icons around the conversation, on a grid of 20 pixels.

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
  down: "M10 4v12M5 11l5 5 5-5",
  rooms: "M8 3.5 6.5 16.5M13.5 3.5 12 16.5M3.5 7.5h13M3.5 12.5h13",
  bell: "M5 14V9a5 5 0 0 1 10 0v5l1 1H4l1-1ZM8.5 17.2h3",
  muted: "M5 14V9a5 5 0 0 1 8-4M15 9.5V14l1 1H4l1-1M8.5 17.2h3M3 3l14 14",
  person: "M10 3.5a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4ZM3.8 16.5c.7-3.2 3-4.8 6.2-4.8s5.5 1.6 6.2 4.8",
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
    </svg>
  );
}
