import { readFileSync } from "node:fs";

/** The version in package.json, which lies two folders up from the sources and from the built program alike. */
export function programVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return manifest.version;
}
