import { setTimeout as pause } from "node:timers/promises";

/* What the demo says on the terminal. Colours only where somebody looks. */

const isTerminal = process.stdout.isTTY === true;
const paint = (code: number) => (text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const yellow = paint(33);

let count = 0;

/** Begins a step: a numbered heading and why it happens. */
export function step(title: string, why: string): void {
  count++;
  console.log(`\n${bold(`${count}. ${title}`)}\n   ${dim(why)}`);
}

export function say(text: string): void {
  for (const line of text.split("\n")) console.log(`   ${line}`);
}

/** Rows in columns, the first row being the heading. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  rows.forEach((row, index) => {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    say(index === 0 ? dim(line) : line);
  });
}

/** What `look` comes to once it is something; it is asked again and again for half a minute. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; await pause(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error("It took too long.");
}
