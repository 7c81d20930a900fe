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
  const sink = stream ?? standardError(isPretty);
  return createPino(level, isPretty ? new PrettyStream(sink) : sink);
}

/** Written behind the request's back, many lines at once but for a person, and flushed when the process ends. */
function standardError(isForPerson: boolean): DestinationStream {
  if (isForPerson) return destination({ dest: 2, sync: false });
  return destination({ dest: 2, sync: false, minLength: 4_096, periodicFlush: FLUSH_MS });
}

const FLUSH_MS = 100;

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
