import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type ErrorItem, jsonPointer } from "../errors.ts";
import { readText } from "./config-file.ts";
import type { Setting } from "./config-model.ts";
import { type ConfigTree, isConfigTree, pointerOf, setValueAt, valueAt } from "./config-tree.ts";

/** Where a secret stands that was given: a setting, or a member of a section in a list. */
export interface SecretPlace {
  /** Of the setting, or of the list. */
  readonly path: string;
  readonly pointer: string;
  /** Of a section in a list, which only a file can have. */
  readonly isMember: boolean;
  readonly value: unknown;
  put(value: string | undefined): void;
}

const FILE_REFERENCE = "file:";

export function secretsIn(tree: ConfigTree, settings: readonly Setting[]): readonly SecretPlace[] {
  return settings.flatMap((setting) => (setting.isSecret ? settingIn(tree, setting) : membersIn(tree, setting)));
}

function settingIn(tree: ConfigTree, { path }: Setting): SecretPlace[] {
  const value = valueAt(tree, path);
  if (value === undefined) return [];
  const put = (text: string | undefined) => void setValueAt(tree, path, text);
  return [{ path, pointer: pointerOf(path), isMember: false, value, put }];
}

function membersIn(tree: ConfigTree, { path, secretMembers }: Setting): SecretPlace[] {
  const list = secretMembers.length === 0 ? undefined : valueAt(tree, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((section: unknown, at): SecretPlace[] => {
    if (!isConfigTree(section)) return [];
    return secretMembers
      .filter((name) => Object.hasOwn(section, name))
      .map((name) => ({
        path,
        pointer: jsonPointer([...path.split("."), at, name]),
        isMember: true,
        value: section[name],
        put(text) {
          section[name] = text;
        },
      }));
  });
}

/** A secret that the file says itself; `undefined` for one that it says where to find. */
export function problemOfClearText({ pointer, isMember, value }: SecretPlace, file: string): ErrorItem | undefined {
  if (isFileReference(value)) return undefined;
  const ways = `write file:/path/to/it${isMember ? "" : ", or use the environment"}`;
  return { path: pointer, code: "secret_in_clear", message: `A secret has no place in ${file}: ${ways}.` };
}

/** What `file:/run/secrets/key` refers to, without the line break at the end of it. */
export function referredTo(
  { pointer }: SecretPlace,
  reference: string,
  { workingDirectory, source }: { readonly workingDirectory: string; readonly source: string },
): { readonly text: string } | { readonly problem: ErrorItem } {
  const text = readText(() => pathOf(reference, workingDirectory));
  if (text !== undefined) return { text: text.replace(/\r?\n$/, "") };
  const message = `The file that ${source} names cannot be read.`;
  return { problem: { path: pointer, code: "unreadable_file", message } };
}

export function isFileReference(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(FILE_REFERENCE);
}

function pathOf(reference: string, workingDirectory: string): string {
  const isUrl = reference.startsWith("file://");
  return isUrl ? fileURLToPath(reference) : resolve(workingDirectory, reference.slice(FILE_REFERENCE.length));
}
