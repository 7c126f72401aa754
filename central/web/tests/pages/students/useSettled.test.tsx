import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { useSettled } from "../../../src/pages/students/useSettled";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("what is typed counts once the typing pauses, and not before", () => {
  const { result, rerender } = renderHook(({ typed }) => useSettled(typed, 250), {
    initialProps: { typed: "" },
  });
  for (const typed of ["a", "ad", "ada"]) {
    rerender({ typed });
    act(() => void vi.advanceTimersByTime(200));
    expect(result.current).toBe("");
  }
  act(() => void vi.advanceTimersByTime(50));
  expect(result.current).toBe("ada");
});
