import type { ErrorItem } from "../errors.ts";
import { closestName } from "./closest-name.ts";
import type { ConfigModel, Setting } from "./config-model.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentSetting {
  readonly path: string;
  readonly variable: string;
  /** Of the setting's type where the text can be read as one, else the text, for the schema to refuse. */
  readonly value: string | number | boolean;
}

const PREFIX = "STRONGROOM__";

/** The setting that says which modules bring engines, and with them settings. */
export const ENGINE_MODULES = "storage.engineModules";

/** Variables that other tools set too, or that people type; the long form of the same setting wins over them. */
const SHORTCUTS: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: ["storage.warm.relational.postgres.url"],
  REDIS_URL: ["storage.hot.redis.url"],
  MONGODB_URL: ["storage.warm.documents.mongodb.url", "storage.cold.mongodb.url"],
  PORT: ["http.port"],
  STRONGROOM_DATA_DIR: ["dataDirectory"],
  STRONGROOM_API_KEY: ["apiKey"],
  STRONGROOM_MASTER_KEY: ["masterKey"],
};

/** What a shortcut says besides, where nothing else does: whoever names a cache server wants it used. */
const IMPLIED: Readonly<Record<string, { readonly when: RegExp; readonly path: string; readonly value: string }>> = {
  REDIS_URL: { when: /./, path: "storage.hot.engine", value: "redis" },
  NODE_ENV: { when: /^production$/, path: "environment", value: "production" },
};

/** `http.bodyLimitBytes` is `STRONGROOM__HTTP__BODY_LIMIT_BYTES`. */
export function variableOf(path: string): string {
  const words = path
    .split(".")
    .map((part) => part.replaceAll("-", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter}`))
    .map((part) => part.toUpperCase());
  return PREFIX + words.join("__");
}

/**
 * Settings given by the environment, later ones winning. An empty variable counts as not set.
 *
 * @param given what a file has given: nothing is implied against it
 */
export function readEnvironment(
  environment: Environment,
  model: ConfigModel,
  given: ReadonlyMap<string, unknown>,
): { readonly settings: readonly EnvironmentSetting[]; readonly problems: readonly ErrorItem[] } {
  const settings = [...impliedSettings(environment, given), ...shortcutSettings(environment, model)];
  const problems: ErrorItem[] = [];
  const byVariable = new Map(model.settings.map((setting) => [variableOf(setting.path), setting] as const));
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX)) continue;
    const setting = byVariable.get(variable);
    if (setting) settings.push(...settingOf(setting, variable, text));
    else problems.push(unknownVariable(variable, [...byVariable.keys()]));
  }
  return { settings, problems };
}

function impliedSettings(environment: Environment, given: ReadonlyMap<string, unknown>): EnvironmentSetting[] {
  return Object.entries(IMPLIED).flatMap(([variable, { when, path, value }]) =>
    when.test(environment[variable] ?? "") && !given.has(path) ? [{ path, variable, value }] : [],
  );
}

function shortcutSettings(environment: Environment, model: ConfigModel): EnvironmentSetting[] {
  return Object.entries(SHORTCUTS).flatMap(([variable, paths]) =>
    model.settings
      .filter(({ path }) => paths.includes(path))
      .flatMap((setting) => settingOf(setting, variable, environment[variable])),
  );
}

function settingOf({ path, type }: Setting, variable: string, text: string | undefined): EnvironmentSetting[] {
  return text === undefined || text === "" ? [] : [{ path, variable, value: coerce(type, text.trim()) }];
}

function coerce(type: Setting["type"], text: string): string | number | boolean {
  if (type === "number" && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (type === "boolean" && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

function unknownVariable(variable: string, known: readonly string[]): ErrorItem {
  const meant = closestName(variable, known);
  const hint = meant ? ` Did you mean ${meant}?` : "";
  return { path: `/${variable}`, code: "unknown_setting", message: `There is no setting ${variable}.${hint}` };
}
