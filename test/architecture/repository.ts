import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { SourceFile } from "./source-file.ts";

export const ROOT = new URL("../..", import.meta.url);

/** Every file that is committed or could be, in order. */
export function repositoryPaths(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return listed.split("\0").filter((path) => path !== "" && existsSync(new URL(path, ROOT)));
}

export function readText(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Registered error codes that no other source names: documentation of an error that cannot happen. */
export function unusedCodes(codes: readonly string[], files: readonly SourceFile[]): string[] {
  const sources = files.filter(({ path }) => path !== "src/codes.ts").map(({ text }) => text);
  return codes.filter((code) => !sources.some((text) => text.includes(`"${code}"`)));
}

/** Lines that hold an absolute path of somebody's machine. */
export function machinePaths(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) => (MACHINE_PATH.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 80)}`] : [])),
  );
}

const MACHINE_PATH = new RegExp(`(?:^|[^\\w.}/-])/(?:${["work", "home", "Users", "root"].join("|")})/\\w`);

export interface PackageManifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
}

/** The sources that the package's entries and programs are built from: `./dist/index.js` is `src/index.ts`. */
export function packageEntries({ exports, bin }: PackageManifest): string[] {
  const targets = Object.values(exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  );
  return [...targets, ...Object.values(bin)]
    .filter((target) => target.endsWith(".js"))
    .map((target) => target.replace(/^(?:\.\/)?dist\//, "src/").replace(/\.js$/, ".ts"));
}
