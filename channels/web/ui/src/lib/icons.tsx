// Pictures for buttons. They say nothing by themselves: the button has a label.
const paths = {
  send: "M4 12l16-8-6 16-3-7z",
  photo: "M4 6h16v13H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  place: "M12 21s-6-5.6-6-11a6 6 0 0 1 12 0c0 5.4-6 11-6 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  bell: "M6 17h12l-1.5-2v-4.5a4.5 4.5 0 0 0-9 0V15zM10.5 20a1.5 1.5 0 0 0 3 0M12 4v2",
  bellOn: "M6 17h12l-1.5-2v-4.5a4.5 4.5 0 0 0-9 0V15zM10.5 20a1.5 1.5 0 0 0 3 0M12 4v2M3.5 9a8 8 0 0 1 2-4M20.5 9a8 8 0 0 0-2-4",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  all: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  here: "M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3",
  check: "M5 13l4.5 4.5L19 7",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  alert: "M12 4l9 16H3zM12 10v4.5M12 17.3v.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  open: "M10 5H5v14h14v-5M14 4h6v6M20 4l-9 9",
  bin: "M5 7h14M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 10.5v6M14 10.5v6",
  film: "M4 6h11v12H4zM15 11l5-3v8l-5-3z",
};

export type IconName = keyof typeof paths;

export function Icon({ name, small }: { name: IconName; small?: boolean }) {
  return <svg class={small ? "icon small" : "icon"} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={paths[name]} /></svg>;
}

// Emblem is the city by the sea: a flame-tree flower over waves.
export function Emblem() {
  return (
    <svg class="emblem" viewBox="0 0 40 40" aria-hidden="true" focusable="false">
      <circle class="sky" cx="20" cy="20" r="20" />
      <path class="petals" d="M20 7c2.6 2.6 2.6 5.4 0 8-2.6-2.6-2.6-5.4 0-8zM12 12.5c3.6.3 5.5 2.3 5.7 6-3.6-.3-5.5-2.3-5.7-6zM28 12.5c-.2 3.7-2.1 5.7-5.7 6 .2-3.7 2.1-5.7 5.7-6z" />
      <path class="waves" d="M7 25c3.3-2.6 5.3-2.6 8.7 0s5.3 2.6 8.6 0 5.4-2.6 8.7 0M10 31c2.5-2 4.2-2 6.7 0s4.1 2 6.6 0 4.2-2 6.7 0" />
    </svg>
  );
}
