import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";
import { PrettyStream } from "./pretty-stream.ts";
import { Redactor } from "./redaction.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFormat = "auto" | "pretty" | "json";

/** Writes one event per line: members first, then its name. Members hold ids, never a customer's value. */
export interface Logger {
  debug(members: object, event: string): void;
  info(members: object, event: string): void;
  warn(members: object, event: string): void;
  error(members: object, event: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto` is `pretty` when the stream is a terminal, else `json`. */
  readonly format: LogFormat;
  /** Where lines go; standard error without it, so that a command's output stays its own. */
  readonly stream?: DestinationStream | undefined;
}

export function createLogger({ level, format, stream }: LoggerOptions): Logger {
  const isPretty = format === "pretty" || (format === "auto" && stream === undefined && process.stderr.isTTY === true);
  // Written behind the request's back, and flushed when the process ends.
  const sink = stream ?? destination({ dest: 2, sync: false });
  return createPino(level, isPretty ? new PrettyStream(sink) : sink);
}

function createPino(level: LogLevel, stream: DestinationStream): PinoLogger {
  const redactor = new Redactor();
  return pino(
    {
      level,
      base: null,
      messageKey: "event",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (members) => redactor.redact(members),
      },
      // The redactor has described errors already, without what may quote a value.
      serializers: { err: (description: unknown) => description },
    },
    stream,
  );
}
