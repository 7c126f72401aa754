import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LABELS } from "../../src/labels/labels";

const TOKENS = readFileSync("src/design/tokens.css", "utf8");
const THEMES = ["light", "dark"] as const;
type Theme = (typeof THEMES)[number];
type Rgb = readonly [number, number, number];

/** Linear light, 0..1, of a token in a theme. */
function token(name: string, theme: Theme): Rgb {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(TOKENS);
  const hex = found?.[theme === "light" ? 1 : 2];
  if (hex === undefined) throw new Error(`tokens.css has no --${name}`);
  const channel = (from: number) => {
    const value = parseInt(hex.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2.2, "contrast ratio". */
function contrast(one: Rgb, other: Rgb): number {
  const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear light. */
const VISION: Record<string, readonly Rgb[]> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

function seen(colour: Rgb, vision: readonly Rgb[]): Rgb {
  const [r, g, b] = vision.map((row) =>
    row.reduce((sum, weight, index) => sum + weight * (colour[index] ?? 0), 0),
  );
  const clamp = (value = 0) => Math.min(1, Math.max(0, value));
  return [clamp(r), clamp(g), clamp(b)];
}

/** Ottosson's Oklab, times 100: a distance of 2 is just noticeable. */
function distance(one: Rgb, other: Rgb): number {
  const lab = ([r, g, b]: Rgb) => {
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ] as const;
  };
  const [a, b] = [lab(one), lab(other)];
  return 100 * Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

const pairs = LABELS.flatMap((one, index) => LABELS.slice(index + 1).map((other) => [one, other] as const));

describe.each(THEMES)("in the %s theme", (theme) => {
  test.each(LABELS)("%s stands out from every surface by 3:1 (WCAG 1.4.11)", (label) => {
    for (const surface of ["surface", "canvas"]) {
      expect(contrast(token(`label-${label}`, theme), token(surface, theme))).toBeGreaterThanOrEqual(3);
    }
  });

  test.each(
    Object.entries(VISION).flatMap(([name, matrix]) =>
      pairs.map(([one, other]) => [one, other, name, matrix] as const),
    ),
  )("%s and %s differ to an eye with %s vision", (one, other, _name, matrix) => {
    const colours = [one, other].map((label) => seen(token(`label-${label}`, theme), matrix));
    expect(distance(colours[0] ?? [0, 0, 0], colours[1] ?? [0, 0, 0])).toBeGreaterThan(8);
  });

  test.each([
    ["text", "canvas"],
    ["text", "raised"],
    ["text-muted", "canvas"],
    ["text-muted", "raised"],
    ["text-faint", "canvas"],
    ["text-faint", "raised"],
    ["accent", "canvas"],
    ["accent", "accent-soft"],
    ["on-accent", "accent"],
    ["good", "good-soft"],
    ["warning", "warning-soft"],
    ["bad", "bad-soft"],
    ["on-bad", "bad"],
  ])("%s on %s can be read: 4.5:1 (WCAG 1.4.3)", (words, ground) => {
    expect(contrast(token(words, theme), token(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test("what can be operated has an outline of 3:1", () => {
    expect(contrast(token("outline", theme), token("surface", theme))).toBeGreaterThanOrEqual(3);
  });
});
