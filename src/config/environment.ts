import type { ErrorItem } from "../errors.ts";
import { closestName } from "./closest-name.ts";
import { SETTINGS, type Setting } from "./config-schema.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentSetting {
  readonly setting: Setting;
  readonly variable: string;
  /** Of the setting's type where the text can be read as one, else the text, for the schema to refuse. */
  readonly value: string | number | boolean;
}

const PREFIX = "STRONGROOM__";

/** Variables that other tools set too, or that people type; the long form of the same setting wins over them. */
const SHORTCUTS: Readonly<Record<string, string>> = {
  DATABASE_URL: "database.url",
  PORT: "http.port",
  STRONGROOM_DATA_DIR: "dataDirectory",
  STRONGROOM_API_KEY: "apiKey",
  STRONGROOM_MASTER_KEY: "masterKey",
};

const BY_VARIABLE: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.map((setting) => [variableOf(setting.path), setting] as const),
);

/** `http.bodyLimitBytes` is `STRONGROOM__HTTP__BODY_LIMIT_BYTES`. */
export function variableOf(path: string): string {
  const words = path.split(".").map((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return PREFIX + words.join("__");
}

/** Settings given by the environment, later ones winning. An empty variable counts as not set. */
export function readEnvironment(environment: Environment): {
  readonly settings: readonly EnvironmentSetting[];
  readonly problems: readonly ErrorItem[];
} {
  const settings: EnvironmentSetting[] = [];
  const problems: ErrorItem[] = [];
  for (const [variable, path] of Object.entries(SHORTCUTS)) {
    const setting = SETTINGS.find((each) => each.path === path);
    if (setting) addSetting(settings, setting, { variable, text: environment[variable] });
  }
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX)) continue;
    const setting = BY_VARIABLE.get(variable);
    if (setting) addSetting(settings, setting, { variable, text });
    else problems.push(unknownVariable(variable));
  }
  return { settings, problems };
}

function addSetting(
  settings: EnvironmentSetting[],
  setting: Setting,
  { variable, text }: { variable: string; text: string | undefined },
): void {
  if (text !== undefined && text !== "") settings.push({ setting, variable, value: coerce(setting.type, text.trim()) });
}

function coerce(type: Setting["type"], text: string): string | number | boolean {
  if (type === "number" && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (type === "boolean" && /^(?:true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

function unknownVariable(variable: string): ErrorItem {
  const meant = closestName(variable, [...BY_VARIABLE.keys()]);
  const hint = meant ? ` Did you mean ${meant}?` : "";
  return { path: `/${variable}`, code: "unknown_setting", message: `There is no setting ${variable}.${hint}` };
}
