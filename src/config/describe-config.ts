import type { Setting } from "./config-model.ts";
import { type ConfigTree, isConfigTree, valueAt } from "./config-tree.ts";
import { variableOf } from "./environment.ts";
import type { LoadedConfig } from "./load-config.ts";

type EffectiveValue = string | number | boolean | readonly (string | EffectiveSection)[];

/** One section of a list of them. */
type EffectiveSection = Readonly<Record<string, string | number | boolean>>;

const REDACTED = "[redacted]";

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
  return model.settings.map((setting) => {
    const { path, description } = setting;
    const value = shown(setting, valueAt(config, path));
    return { path, value, source: sources.get(path) ?? "default", variable: variableOf(path), description };
  });
}

function shown({ isSecret, secretMembers }: Setting, value: unknown): EffectiveValue | null {
  if (value === undefined) return null;
  if (isSecret) return REDACTED;
  if (!Array.isArray(value)) return value as EffectiveValue;
  return value.map((element) => (isConfigTree(element) ? withoutSecrets(element, secretMembers) : element));
}

function withoutSecrets(section: ConfigTree, secretMembers: readonly string[]): EffectiveSection {
  const members = Object.entries(section as EffectiveSection);
  return Object.fromEntries(members.map(([name, value]) => [name, secretMembers.includes(name) ? REDACTED : value]));
}
