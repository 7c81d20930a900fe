import { SETTINGS } from "./config-schema.ts";
import { variableOf } from "./environment.ts";
import type { LoadedConfig } from "./load-config.ts";

export interface EffectiveSetting {
  readonly path: string;
  /** `null` when it is not set; secrets as `[redacted]`. */
  readonly value: string | number | boolean | null;
  readonly source: string;
  readonly variable: string;
  readonly description: string;
}

/** The configuration as it is in force, in the order of the schema. */
export function describeConfig({ config, sources }: LoadedConfig): EffectiveSetting[] {
  return SETTINGS.map(({ path, description, isSecret }) => {
    const value = path.split(".").reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], config);
    const shown = value === undefined ? null : isSecret ? "[redacted]" : (value as string | number | boolean);
    return { path, value: shown, source: sources.get(path) ?? "default", variable: variableOf(path), description };
  });
}
