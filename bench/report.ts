import type { Goal, Line, Section } from "./section.ts";

const COLUMNS = ["", "p50", "p99", "per second", "time ratio", "goal"] as const;
const NOTHING = "";

/** The sections as one table, with the notes of each below it. */
export function tableOf(sections: readonly Section[]): string {
  const widths = COLUMNS.map((title, column) =>
    Math.max(
      title.length,
      ...sections.flatMap((section) => section.lines.map((line) => cellsOf(line)[column]?.length ?? 0)),
    ),
  );
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isLeftAligned(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return sections
    .flatMap((section) => [
      "",
      titleOf(section),
      row(COLUMNS),
      ...section.lines.map((line) => row(cellsOf(line))),
      ...section.notes.map((note) => `  ${note}`),
    ])
    .join("\n");
}

function isLeftAligned(column: number): boolean {
  return column === 0 || column === COLUMNS.length - 1;
}

function titleOf({ operation, engine, inFlight }: Section): string {
  const where = engine === "process" ? "in process" : `on ${engine}`;
  return `${operation} (${where}${inFlight > 1 ? `, ${inFlight} in flight` : ""})`;
}

function cellsOf(line: Line): readonly string[] {
  return [
    `  ${line.name}`,
    milliseconds(line.p50Ms),
    milliseconds(line.p99Ms),
    line.opsPerSecond === null ? NOTHING : Math.round(line.opsPerSecond).toLocaleString("en-US"),
    ratioCell(line),
    line.goals.map(goalText).join(", "),
  ];
}

function ratioCell({ ratio, ratioQuartiles }: Line): string {
  if (ratio === null) return NOTHING;
  const spread =
    ratioQuartiles && ratio !== 1 ? ` (${ratioQuartiles.map((each) => each.toFixed(2)).join("-")})` : NOTHING;
  return `${ratio.toFixed(2)}x${spread}`;
}

function goalText({ text, isMet }: Goal): string {
  return `${text} ${isMet ? "met" : "MISSED"}`;
}

function milliseconds(ms: number): string {
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return ms >= 0.1 ? `${ms.toFixed(2)} ms` : `${(ms * 1_000).toFixed(2)} us`;
}
