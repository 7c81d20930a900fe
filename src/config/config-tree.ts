import { jsonPointer } from "../errors.ts";

/** What a configuration file holds, before anything is checked. */
export type ConfigTree = Record<string, unknown>;

export function isConfigTree(value: unknown): value is ConfigTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param path such as `http.port` */
export function valueAt(tree: unknown, path: string): unknown {
  let value: unknown = tree;
  for (const part of path.split("."))
    value = isConfigTree(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** False when something that is no section stands in the way, which the schema reports. */
export function setValueAt(tree: ConfigTree, path: string, value: unknown): boolean {
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

/** The JSON Pointer of a setting. */
export function pointerOf(path: string): string {
  return jsonPointer(path.split("."));
}
