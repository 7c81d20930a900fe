import { valueAt } from "./config-tree.ts";
import { variableOf } from "./environment.ts";
import type { LoadedConfig } from "./load-config.ts";

type EffectiveValue = string | number | boolean | readonly string[];

export interface EffectiveSetting {
  readonly path: string;
  /** `null` when it is not set; secrets as `[redacted]`. */
  readonly value: EffectiveValue | null;
  readonly source: string;
  readonly variable: string;
  readonly description: string;
}

/** The configuration as it is in force, in the order of the schema. */
export function describeConfig({ config, sources, model }: LoadedConfig): EffectiveSetting[] {
  return model.settings.map(({ path, description, isSecret }) => {
    const value = valueAt(config, path);
    const shown = value === undefined ? null : isSecret ? "[redacted]" : (value as EffectiveValue);
    return { path, value: shown, source: sources.get(path) ?? "default", variable: variableOf(path), description };
  });
}
