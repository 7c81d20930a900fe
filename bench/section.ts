import type { Figures } from "./race.ts";

/** What a figure should be; a missed one is printed and fails nothing. */
export interface Goal {
  readonly text: string;
  readonly isMet: boolean;
}

/** One operation on one engine: its figures side by side. */
export interface Section {
  readonly operation: string;
  readonly engine: "pglite" | "postgres" | "mongodb" | "redis" | "process";
  readonly inFlight: number;
  readonly lines: readonly Line[];
  /** What the reader has to know to read the figures right. */
  readonly notes: readonly string[];
}

export interface Line extends Omit<Figures, "opsPerSecond" | "ratio" | "ratioQuartiles"> {
  readonly opsPerSecond: number | null;
  /** Time by the time of the reference; `null` when there is nothing to compare with. */
  readonly ratio: number | null;
  readonly ratioQuartiles: readonly [number, number] | null;
  readonly goals: readonly Goal[];
}

export interface Effort {
  readonly laps: number;
  readonly lapMs: number;
}

export const FULL_EFFORT: Effort = { laps: 31, lapMs: 25 };
export const QUICK_EFFORT: Effort = { laps: 9, lapMs: 15 };

export function atMost(what: string, value: number, limit: number): Goal {
  return { text: `${what} <= ${limit}`, isMet: value <= limit };
}

export function atLeast(what: string, value: number, limit: number): Goal {
  return { text: `${what} >= ${limit}`, isMet: value >= limit };
}

/** @param goalsOf the goals of a contestant's figures; without any it is there for comparison only */
export function comparedLines(figures: readonly Figures[], goalsOf: (line: Figures) => readonly Goal[]): Line[] {
  return figures.map((line) => ({ ...line, goals: goalsOf(line) }));
}

/** Lines that have no counterpart. */
export function plainLines(figures: readonly Figures[], goalsOf: (line: Figures) => readonly Goal[]): Line[] {
  return figures.map((line) => ({ ...line, ratio: null, ratioQuartiles: null, goals: goalsOf(line) }));
}
