import type { Device } from "../../api/models";
import { bytes, count, duration } from "../../time/formats";

type Health = NonNullable<Device["health"]>;
export type Figure = { name: string; value: string };
export type FigureGroup = { title: string; figures: Figure[] };

type Show = (value: number) => string;
const fixed =
  (digits: number, unit: string): Show =>
  (value) =>
    `${value.toFixed(digits)} ${unit}`;
const celsius: Show = (value) => `${value.toFixed(1)} °C`;

/** Keys of a health message with their words and units, in the order in which they are read. */
const NUMBERS: { title: string; keys: Record<string, [name: string, show: Show]> }[] = [
  {
    title: "Observing",
    keys: {
      frames_per_second: ["Frames looked at", fixed(1, "per second")],
      dropped_frames: ["Frames passed over for newer ones", count],
      inference_p50_ms: ["Time for a frame, median", fixed(0, "ms")],
      inference_p95_ms: ["Time for a frame, 95 of 100", fixed(0, "ms")],
      load_shed_level: ["Load shed, 0 to 2", count],
      camera_failures: ["Camera failures", count],
      authorisation_days_left: [
        "Authorisation",
        (days) => (days < 0 ? "expired" : `${count(days)} days left`),
      ],
    },
  },
  {
    title: "Spool and connection",
    keys: {
      spool_depth: ["Observations that wait", count],
      spool_oldest_seconds: ["The first has waited", duration],
      spool_dropped: ["Lost to the spool's bounds or to damage", count],
      spool_erased: ["Erased by forget", count],
      reconnects: ["Connections after the first", count],
      connection_refusals: ["Connections refused", count],
      refusals: ["Observations refused by the broker", count],
    },
  },
  {
    title: "Machine",
    keys: {
      uptime_seconds: ["Running for", duration],
      hangs_last_day: ["Hung and restarted in the last day", count],
      temperature_celsius: ["Processor temperature", celsius],
      disk_free_bytes: ["Disk free", bytes],
      memory_bytes: ["Memory of the program", bytes],
      memory_available_bytes: ["Memory available", bytes],
    },
  },
];
const WORDS: Record<string, { name: string; words: Record<string, string> }> = {
  camera: {
    name: "Camera",
    words: { opening: "opening", working: "working", failed: "failed", closed: "closed, nobody is observed" },
  },
  paused: {
    name: "Paused",
    words: { clock: "its clock is not synchronised", authorisation: "the authorisation has expired" },
  },
  spool_storage: {
    name: "Spool",
    words: { disk: "on disk", memory: "in memory, as the disk cannot be written" },
  },
};
const WORDS_OF: Record<string, string[]> = {
  Observing: ["camera", "paused"],
  "Spool and connection": ["spool_storage"],
};
/** Bits of `vcgencmd get_throttled` (raspberrypi.com): 0 to 3 are now, 16 to 19 since the boot. */
const THROTTLED = ["supply voltage too low", "frequency capped", "slowed down", "temperature limit reached"];

/** All that a health message says, in words and with units; what the device left out is left out. */
export function figureGroups(health: Health): FigureGroup[] {
  return NUMBERS.map(({ title, keys }) => {
    const words = (WORDS_OF[title] ?? []).flatMap((key) => word(key, health[key]));
    const numbers = Object.entries(keys).flatMap(([key, [name, show]]) => {
      const value = number(health, key);
      return value === null ? [] : [{ name, value: show(value) }];
    });
    const power = title === "Machine" ? throttled(number(health, "throttled_bits")) : [];
    return { title, figures: [...words, ...numbers, ...power] };
  }).filter((group) => group.figures.length > 0);
}

/** One figure of a health message; null where there is none. */
export function number(health: Device["health"], key: string): number | null {
  const value = health?.[key];
  return typeof value === "number" ? value : null;
}

/** The program's version; null where the device has not said. */
export function version(health: Device["health"]): string | null {
  const value = health?.version;
  return typeof value === "string" ? value : null;
}

/** Models by name with the first digits of their SHA-256. */
export function models(health: Device["health"]): [name: string, digest: string][] {
  const value = health?.models;
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

function word(key: string, value: unknown): Figure[] {
  const known = WORDS[key];
  if (known === undefined || typeof value !== "string") return [];
  return [{ name: known.name, value: known.words[value] ?? value }];
}

function throttled(bits: number | null): Figure[] {
  if (bits === null) return [];
  const named = (shift: number) => THROTTLED.filter((_, bit) => (bits >> (shift + bit)) & 1);
  const [now, before] = [named(0), named(16)];
  return [
    { name: "Power and heat now", value: now.join(", ") || "fine" },
    { name: "Since its boot", value: before.join(", ") || "always fine" },
  ];
}
