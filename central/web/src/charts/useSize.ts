import { useLayoutEffect, useRef, useState, type RefObject } from "react";

export interface Size {
  /** CSS pixels; 0 until it is laid out. */
  width: number;
  /** By what the page is larger than on a desk, where 1 rem is 16 pixels. */
  scale: number;
}

/** The size of an element as it changes. */
export function useSize(): [RefObject<HTMLDivElement | null>, Size] {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, scale: 1 });
  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      setSize({ width: Math.floor(entry.contentRect.width), scale: rem / 16 });
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  return [element, size];
}
