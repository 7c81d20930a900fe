import { importsOf, isTest, type SourceFile, specifiersOf, withoutComments } from "./source-file.ts";

/** What has to run anywhere: what of the register is computed, and the package's entry for who verifies receipts. */
const PURE =
  /^src\/(?:register\/(?:ledger|merkle|notes|receipts|verification)\/|register\/commitments\.ts|signatures\/|verify\/index\.ts)/;

/** Files that say in their name that they are for Node, and those that verify in the background or on threads. */
const NOT_PURE = /\/(?:node-[^/]*|examiner-[^/]*|[^/]*-examiner)\.ts$/;

/** Packages that run anywhere. */
const PACKAGES = /^(?:lru-cache|@noble\/(?:curves|hashes)\/[\w.-]+)$/;

const GLOBALS = /\b(?:Buffer\b|process\??\.\w|require\(|setImmediate\b|__dirname\b|__filename\b)/;

/** What a file that has to run anywhere imports or names, itself or in what it imports, that only Node has. */
export function impurities(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set(files.filter(({ path }) => isPure(path)).map(({ path }) => path));
  for (const path of reached) {
    const file = byPath.get(path);
    for (const target of file ? importsOf(file) : []) reached.add(target);
  }
  return [...reached].flatMap((path) => {
    const file = byPath.get(path);
    return file ? impuritiesOf(file) : [];
  });
}

export function isPure(path: string): boolean {
  return PURE.test(path) && !NOT_PURE.test(path) && !isTest(path);
}

function impuritiesOf({ path, text }: SourceFile): string[] {
  const imported = specifiersOf(text).filter((specifier) => !specifier.startsWith(".") && !PACKAGES.test(specifier));
  const named = NOT_PURE.test(path) ? null : GLOBALS.exec(withoutComments(text));
  return [
    ...imported.map((specifier) => `${path} imports ${specifier}`),
    ...(named ? [`${path} names ${named[0]}`] : []),
  ];
}
