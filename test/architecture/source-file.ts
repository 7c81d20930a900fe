import { readFileSync } from "node:fs";
import { posix } from "node:path";

export interface SourceFile {
  /** Path below the repository's root, with forward slashes: `src/profiles/profile-store.ts`. */
  readonly path: string;
  readonly text: string;
}

export function readSourceFiles(root: URL, paths: readonly string[]): SourceFile[] {
  return paths.map((path) => ({ path, text: readFileSync(new URL(path, root), "utf8") }));
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** The first folder below src, or the name of a file that lies in src itself: `profiles`, `vault`. */
export function unitOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

/**
 * The specifiers a file imports or re-exports from, dynamic imports included. Reading the text is enough, because
 * the formatter has brought every statement into one form: it starts its line and its specifier is double-quoted.
 */
export function specifiersOf(text: string): string[] {
  const found = [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC_IMPORT)];
  return [...new Set(found.map((match) => match[1] ?? ""))];
}

const STATEMENT = /^(?:import|export)\s(?:[^;"'`=(]*?\sfrom\s)?"([^"]+)"/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*"([^"]+)"\s*\)/g;

/** The files of the repository that a file imports, as paths below the root. */
export function importsOf(file: SourceFile): string[] {
  return specifiersOf(file.text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.join(posix.dirname(file.path), specifier));
}

/** The text without comments, each replaced by as many line ends as it had. Good enough for formatted sources. */
export function withoutComments(text: string): string {
  return text.replace(COMMENT_OR_TEXT, (found) => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, "") : found));
}

const COMMENT_OR_TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
