import { styleText } from "node:util";
import type { DestinationStream } from "pino";
import type { ErrorDescription } from "./redaction.ts";

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: Readonly<Record<string, Style>> = { debug: "gray", info: "green", warn: "yellow", error: "red" };

/** Turns the lines of a JSON log into lines for a person: `09:30:00 info  request  route=/health status=200`. */
export class PrettyStream implements DestinationStream {
  readonly #sink: DestinationStream;

  constructor(sink: DestinationStream) {
    this.#sink = sink;
  }

  write(line: string): void {
    this.#sink.write(`${prettyLine(JSON.parse(line) as LogLine)}\n`);
  }
}

interface LogLine {
  readonly level: string;
  readonly timestamp: string;
  readonly event?: string;
  readonly err?: ErrorDescription;
}

function prettyLine({ level, timestamp, event = "", err, ...members }: LogLine): string {
  const time = style("gray", timestamp.slice(11, 19));
  const label = style(LEVEL_STYLES[level] ?? "white", level.padEnd(5));
  const rest = Object.entries(members).map(([key, member]) => `${style("gray", `${key}=`)}${textOf(member)}`);
  return [time, label, style("bold", event), ...rest].join(" ") + (err ? errorLines(err) : "");
}

function errorLines({ name, code, message, stack = [], cause }: ErrorDescription): string {
  const head = [name, code, message].filter((part) => part !== undefined).join(" ");
  const frames = stack.map((frame) => `\n      ${frame}`).join("");
  return `\n    ${head}${style("gray", frames)}${cause ? errorLines(cause) : ""}`;
}

function textOf(member: unknown): string {
  return typeof member === "string" ? member : JSON.stringify(member);
}

/** Colours where standard error takes them. */
function style(format: Style, text: string): string {
  return styleText(format, text, { stream: process.stderr });
}
