import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorItem, VaultError } from "../errors.ts";
import { type ConfigTree, isConfigTree, readConfigFile, readText } from "./config-file.ts";
import { configProblems, type GivenValue } from "./config-problems.ts";
import { type Config, type ConfigInput, configSchema, SETTINGS } from "./config-schema.ts";
import { type Environment, readEnvironment } from "./environment.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Where the value of each setting comes from, by its path: `default`, a file's name or a variable's. */
  readonly sources: ReadonlyMap<string, string>;
}

export interface LoadConfigOptions {
  readonly workingDirectory: string;
  readonly environment: Environment;
}

const FILE_REFERENCE = "file:";

/**
 * Reads `strongroom.toml` or `strongroom.json` of the working directory, or the file that `STRONGROOM_CONFIG` names,
 * and lays the environment over it. Rejects with `invalid_configuration`, whose `errors` list every problem at
 * once; none of them quotes a secret.
 */
export function loadConfig(options: LoadConfigOptions): LoadedConfig {
  const problems: ErrorItem[] = [];
  const given = new Map<string, GivenValue>();
  const tree = collect(options, given, problems);
  resolveSecrets(tree, { given, problems, workingDirectory: options.workingDirectory });
  const result = configSchema.safeParse(tree);
  if (!result.success) problems.push(...configProblems(result.error, given));
  if (!result.success || problems.length > 0) throw invalidConfiguration(problems);
  const sources = new Map(SETTINGS.map(({ path }) => [path, given.get(path)?.source ?? "default"] as const));
  return { config: result.data, sources };
}

/** Completes settings given by a program. Rejects with `invalid_configuration`. */
export function parseConfig(input: ConfigInput): Config {
  const result = configSchema.safeParse(input);
  if (!result.success) throw invalidConfiguration(configProblems(result.error, new Map()));
  return result.data;
}

function collect(options: LoadConfigOptions, given: Map<string, GivenValue>, problems: ErrorItem[]): ConfigTree {
  const named = options.environment["STRONGROOM_CONFIG"];
  const file = readConfigFile({ workingDirectory: options.workingDirectory, named }, problems);
  const tree = file?.tree ?? Object.create(null);
  if (file) {
    for (const setting of SETTINGS) {
      const value = valueAt(tree, setting.path);
      if (value === undefined) continue;
      given.set(setting.path, { value, source: file.name });
      if (setting.isSecret && !isFileReference(value)) {
        problems.push({
          path: pointerOf(setting.path),
          code: "secret_in_clear",
          message: `A secret has no place in ${file.name}: write file:/path/to/it, or use the environment.`,
        });
      }
    }
  }
  const environment = readEnvironment(options.environment);
  problems.push(...environment.problems);
  for (const { setting, variable, value } of environment.settings) {
    if (!setValueAt(tree, setting.path, value)) continue;
    given.set(setting.path, { value, source: variable });
  }
  return tree;
}

interface SecretContext {
  readonly given: Map<string, GivenValue>;
  readonly problems: ErrorItem[];
  readonly workingDirectory: string;
}

/** Replaces `file:/run/secrets/key` by what the file holds, without the line break at its end. */
function resolveSecrets(tree: ConfigTree, { given, problems, workingDirectory }: SecretContext): void {
  for (const { path, isSecret } of SETTINGS) {
    const value = isSecret ? valueAt(tree, path) : undefined;
    if (!isFileReference(value)) continue;
    const text = readText(() => pathOf(value, workingDirectory));
    const source = given.get(path)?.source ?? "";
    if (text === undefined) {
      problems.push({
        path: pointerOf(path),
        code: "unreadable_file",
        message: `The file that ${source} names cannot be read.`,
      });
      setValueAt(tree, path, undefined);
    } else {
      setValueAt(tree, path, text.replace(/\r?\n$/, ""));
      given.set(path, { value: text, source: `${source}, ${value}` });
    }
  }
}

function pathOf(reference: string, workingDirectory: string): string {
  const isUrl = reference.startsWith("file://");
  return isUrl ? fileURLToPath(reference) : resolve(workingDirectory, reference.slice(FILE_REFERENCE.length));
}

function isFileReference(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(FILE_REFERENCE);
}

function invalidConfiguration(errors: readonly ErrorItem[]): VaultError {
  const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
  return new VaultError("invalid_configuration", `The configuration has ${count}.`, { errors });
}

function valueAt(tree: ConfigTree, path: string): unknown {
  let value: unknown = tree;
  for (const part of path.split("."))
    value = isConfigTree(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** False when something that is no section stands in the way, which the schema reports. */
function setValueAt(tree: ConfigTree, path: string, value: unknown): boolean {
  const parts = path.split(".");
  const name = parts.pop() ?? "";
  let section = tree;
  for (const part of parts) {
    const next = Object.hasOwn(section, part) ? section[part] : (section[part] = {});
    if (!isConfigTree(next)) return false;
    section = next;
  }
  section[name] = value;
  return true;
}

function pointerOf(path: string): string {
  return `/${path.replaceAll(".", "/")}`;
}
