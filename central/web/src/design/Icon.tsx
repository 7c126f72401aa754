import type { ReactElement } from "react";

const PATHS = {
  alert: <path d="M12 4 2.8 19.5h18.4L12 4Zm0 6v4.5m0 2.6v.2" />,
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  chevron: <path d="m7 10 5 5 5-5" />,
  close: <path d="m6 6 12 12M18 6 6 18" />,
  copy: <path d="M9 9h11v11H9zM15 9V4H4v11h5" />,
  device: <path d="M4 5h16v11H4zM9 20h6m-3-4v4" />,
  download: <path d="M12 4v11m-4.5-4L12 15.5l4.5-4.5M5 20h14" />,
  edit: <path d="m5 19 .8-4L16 4.8 19.2 8 9 18.2 5 19Z" />,
  erase: <path d="M5 7h14M10 7V4.5h4V7m-7.5 0 1 13h9l1-13M10 11v5.5m4-5.5v5.5" />,
  archive: <path d="M4 5h16v4H4zm1.5 4v10h13V9M10 13h4" />,
  group: (
    <path d="M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11Zm-6 8.5c0-3.5 2.7-5.5 6-5.5s6 2 6 5.5M16 11a2.7 2.7 0 0 0 0-5.4m1.5 8.6c2.2.6 3.5 2.4 3.5 5.3" />
  ),
  info: <path d="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-10v5.5m0-8.7v.2" />,
  log: <path d="M6 3.5h12v17H6zM9 8h6m-6 4h6m-6 4h3.5" />,
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />,
  out: <path d="M14 4H5v16h9M10 12h11m-4-4.5 4 4.5-4 4.5" />,
  overview: <path d="M4 4h7v7H4zm9 0h7v7h-7zM4 13h7v7H4zm9 0h7v7h-7z" />,
  people: (
    <path d="M12 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4ZM4.5 20c0-3.9 3.3-6 7.5-6s7.5 2.1 7.5 6" />
  ),
  plus: <path d="M12 5v14M5 12h14" />,
  refresh: <path d="M19.5 12A7.5 7.5 0 1 1 17 6.4L19.5 9m0-5v5h-5" />,
  search: <path d="M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm4.7-1.8L20 20" />,
  settings: (
    <path d="M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Zm-7 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" />
  ),
  sun: (
    <path d="M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5" />
  ),
  system: <path d="M12 3.5a8.5 8.5 0 1 0 0 17v-17Zm0 0a8.5 8.5 0 0 1 0 17" />,
  table: <path d="M4 5h16v14H4zm0 5h16M4 14.5h16M10 10v9" />,
  upload: <path d="M12 16V5m-4.5 4L12 4.5 16.5 9M5 20h14" />,
  wall: <path d="M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5" />,
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof PATHS;

/** A line drawing beside words; where it stands alone the control around it needs an `aria-label`. */
export function Icon({ name }: { name: IconName }): ReactElement {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      width="1em"
      height="1em"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
