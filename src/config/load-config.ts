import { type ErrorItem, VaultError } from "../errors.ts";
import { type ConfigFile, readConfigFile } from "./config-file.ts";
import { type ConfigModel, configModel } from "./config-model.ts";
import { configProblems, type GivenValue } from "./config-problems.ts";
import type { Config, ConfigInput } from "./config-schema.ts";
import { type ConfigTree, setValueAt, valueAt } from "./config-tree.ts";
import { loadEngineModules } from "./engine-modules.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { ENGINE_MODULES, type Environment, readEnvironment, variableOf } from "./environment.ts";
import { isFileReference, problemOfClearText, referredTo, secretsIn } from "./secret-places.ts";
import { completeStorage, copyOfTree, storageProblems } from "./storage-choice.ts";
import { namesIn } from "./storage-config.ts";

export interface LoadedConfig {
  readonly config: Config;
  /** Where the value of each setting comes from, by its path: `default`, a file's name or a variable's. */
  readonly sources: ReadonlyMap<string, string>;
  /** What can be configured, with the engines that `storage.engineModules` brought. */
  readonly model: ConfigModel;
  /** Engines from outside, as their modules export them. */
  readonly engines: readonly EngineSettings[];
}

export interface LoadConfigOptions {
  readonly workingDirectory: string;
  readonly environment: Environment;
}

/** What is being put together. */
interface Draft extends LoadConfigOptions {
  readonly model: ConfigModel;
  readonly file: ConfigFile | undefined;
  readonly given: Map<string, GivenValue>;
  readonly problems: ErrorItem[];
}

/**
 * Reads `strongroom.toml` or `strongroom.json` of the working directory, or the file that `STRONGROOM_CONFIG` names,
 * and lays the environment over it. Engines from outside are loaded first, since they bring settings of their own.
 * Rejects with `invalid_configuration`, whose `errors` list every problem at once; none of them quotes a secret.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const problems: ErrorItem[] = [];
  const named = options.environment["STRONGROOM_CONFIG"];
  const file = readConfigFile({ workingDirectory: options.workingDirectory, named }, problems);
  const modules = engineModules(file, options.environment);
  const engines = await loadEngineModules(modules, { ...options, problems });
  const draft: Draft = { ...options, file, problems, given: new Map(), model: configModel(engines) };
  const tree = collect(draft);
  resolveSecrets(tree, draft);
  completeStorage(tree, draft.model.engines);
  problems.push(...storageProblems(tree, draft.model.engines));
  const result = draft.model.schema.safeParse(tree);
  if (!result.success) problems.push(...configProblems(result.error, draft));
  if (!result.success || problems.length > 0) throw invalidConfiguration(problems);
  const sources = draft.model.settings.map(({ path }) => [path, draft.given.get(path)?.source ?? "default"] as const);
  return { config: result.data, sources: new Map(sources), model: draft.model, engines };
}

/** Completes settings given by a program. Rejects with `invalid_configuration`. */
export function parseConfig(input: ConfigInput, engines: readonly EngineSettings[] = []): Config {
  const model = configModel(engines);
  const tree = copyOfTree(input);
  completeStorage(tree, model.engines);
  const problems = storageProblems(tree, model.engines);
  const result = model.schema.safeParse(tree);
  if (!result.success) problems.push(...configProblems(result.error, { model, given: new Map() }));
  if (!result.success || problems.length > 0) throw invalidConfiguration(problems);
  return result.data;
}

/** The one setting that is read before the others. What it is if it is no list of names, the schema says. */
function engineModules(file: ConfigFile | undefined, environment: Environment): readonly string[] {
  const value: unknown = environment[variableOf(ENGINE_MODULES)] || valueAt(file?.tree, ENGINE_MODULES);
  if (typeof value === "string") return namesIn(value);
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

function collect({ file, model, given, problems, environment }: Draft): ConfigTree {
  if (file) noteFile(file, { model, given, problems });
  const tree: ConfigTree = file?.tree ?? Object.create(null);
  const read = readEnvironment(environment, model, given);
  problems.push(...read.problems);
  for (const { path, variable, value } of read.settings) {
    if (!setValueAt(tree, path, value)) continue;
    given.set(path, { value, source: variable });
  }
  return tree;
}

function noteFile({ name, tree }: ConfigFile, { model, given, problems }: Pick<Draft, "model" | "given" | "problems">) {
  for (const setting of model.settings) {
    const value = valueAt(tree, setting.path);
    if (value === undefined) continue;
    given.set(setting.path, { value, source: name });
  }
  problems.push(...secretsIn(tree, model.settings).flatMap((place) => problemOfClearText(place, name) ?? []));
}

/** Puts what files hold in the place of the references to them. */
function resolveSecrets(tree: ConfigTree, { model, given, problems, workingDirectory }: Draft): void {
  for (const place of secretsIn(tree, model.settings)) {
    const { path, value } = place;
    if (!isFileReference(value)) continue;
    const source = given.get(path)?.source ?? "";
    const found = referredTo(place, value, { workingDirectory, source });
    if ("problem" in found) {
      problems.push(found.problem);
      place.put(undefined);
    } else {
      place.put(found.text);
      if (!place.isMember) given.set(path, { value: found.text, source: `${source}, ${value}` });
    }
  }
}

function invalidConfiguration(errors: readonly ErrorItem[]): VaultError {
  const count = errors.length === 1 ? "1 problem" : `${errors.length} problems`;
  return new VaultError("invalid_configuration", `The configuration has ${count}.`, { errors });
}
