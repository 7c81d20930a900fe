/**
 * Each tells what the one before it tells, and more: nothing but errors, then metrics and warnings, every call, spans.
 */
export type ObservabilityLevel = "none" | "metrics" | "structured-logging" | "full-tracing";

export interface ObservabilitySettings {
  readonly level: ObservabilityLevel;
  /** `false` takes it out of the level; `true` adds nothing. Errors are logged all the same. */
  readonly metricsEnabled?: boolean | undefined;
  readonly loggingEnabled?: boolean | undefined;
  readonly tracingEnabled?: boolean | undefined;
}

/** What a level comes to. */
export interface Visibility {
  readonly isMeasured: boolean;
  readonly isTraced: boolean;
  readonly logs: "errors" | "warnings" | "calls";
}

const LOGS = { none: "errors", metrics: "warnings", "structured-logging": "calls", "full-tracing": "calls" } as const;

export function visibilityOf(settings: ObservabilitySettings): Visibility {
  const { level, metricsEnabled = true, loggingEnabled = true, tracingEnabled = true } = settings;
  return {
    isMeasured: level !== "none" && metricsEnabled,
    isTraced: level === "full-tracing" && tracingEnabled,
    logs: loggingEnabled ? LOGS[level] : "errors",
  };
}
