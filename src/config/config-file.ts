import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import type { ErrorItem } from "../errors.ts";
import { type ConfigTree, isConfigTree } from "./config-tree.ts";

export interface ConfigFile {
  readonly name: string;
  readonly tree: ConfigTree;
}

const FILE_NAMES = ["strongroom.toml", "strongroom.json"];

/** The configuration file in use, if there is one: the named one, else the only one of the usual names. */
export function readConfigFile(
  { workingDirectory, named }: { readonly workingDirectory: string; readonly named: string | undefined },
  problems: ErrorItem[],
): ConfigFile | undefined {
  const paths = (named ? [named] : FILE_NAMES).map((name) => resolve(workingDirectory, name));
  const [file, second] = paths.flatMap((path) => {
    const text = readText(() => path);
    return text === undefined ? [] : [{ name: basename(path), text }];
  });
  if (second) problems.push({ path: "", code: "two_files", message: `Keep one of ${FILE_NAMES.join(" and ")}.` });
  if (!file && named) {
    problems.push({
      path: "",
      code: "unreadable_file",
      message: "The file that STRONGROOM_CONFIG names cannot be read.",
    });
  }
  if (!file) return undefined;
  const tree = parseFile(file.name, file.text, problems);
  return tree && { name: file.name, tree };
}

function parseFile(name: string, text: string, problems: ErrorItem[]): ConfigTree | undefined {
  const isJson = name.endsWith(".json");
  try {
    const tree: unknown = isJson ? JSON.parse(text) : parseToml(text);
    if (isConfigTree(tree)) return tree;
    problems.push({ path: "", code: "syntax", message: `${name}: expected an object at the top.` });
  } catch (error) {
    // The parsers' messages quote the text around the mistake, which may be a secret.
    const line = (error as { line?: unknown }).line;
    const place = typeof line === "number" ? ` in line ${line}` : "";
    problems.push({ path: "", code: "syntax", message: `${name}: not valid ${isJson ? "JSON" : "TOML"}${place}.` });
  }
  return undefined;
}

/** `undefined` when the file, or its name, cannot be read. */
export function readText(pathOf: () => string): string | undefined {
  try {
    return readFileSync(pathOf(), "utf8");
  } catch {
    return undefined;
  }
}
