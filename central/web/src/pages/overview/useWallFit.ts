import { useLayoutEffect, useRef, useState, type CSSProperties, type RefObject } from "react";

/** What a tile needs unscaled, with its gap. rem. */
const TILE = { width: 18.5, height: 13 };
const SMALLEST = 0.55;
const LARGEST = 3;

/** The number of columns at which so many tiles fill a screen best, and how much they can grow. Lengths in rem. */
export function fit(tiles: number, width: number, height: number): { columns: number; scale: number } {
  let best = { columns: 1, scale: 0 };
  for (let columns = 1; columns <= Math.max(1, tiles); columns += 1) {
    const rows = Math.ceil(tiles / columns);
    const scale = Math.min(width / (columns * TILE.width), height / (rows * TILE.height));
    if (scale > best.scale) best = { columns, scale };
  }
  if (best.scale >= SMALLEST) return { columns: best.columns, scale: Math.min(LARGEST, best.scale) };
  return { columns: Math.max(1, Math.floor(width / (TILE.width * SMALLEST))), scale: SMALLEST };
}

/** Makes a list of tiles fill the rest of the window; nothing where `on` is false. */
export function useWallFit(
  tiles: number,
  on: boolean,
): [RefObject<HTMLUListElement | null>, CSSProperties | undefined] {
  const list = useRef<HTMLUListElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!on) return undefined;
    const measure = () => {
      const element = list.current;
      const around = element?.parentElement;
      if (element == null || around == null) return;
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      const top = element.getBoundingClientRect().top + window.scrollY;
      const width = around.clientWidth / rem;
      const height = (window.innerHeight - top) / rem - 1;
      setRoom((before) => (before.width === width && before.height === height ? before : { width, height }));
    };
    measure();
    // A notice above the list makes what surrounds both higher.
    const observer = new ResizeObserver(measure);
    if (list.current?.parentElement != null) observer.observe(list.current.parentElement);
    window.addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", measure);
    };
  }, [on]);
  if (!on || room.width === 0) return [list, undefined];
  const { columns, scale } = fit(tiles, room.width, room.height);
  return [list, { zoom: scale, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }];
}
