import { describe, expect, it } from "vitest";
import { completeLockFile, type LockFile, missingOptionalPackages, platformOf } from "../../scripts/lock-file.ts";
import { ERROR_CODES } from "../../src/codes.ts";
import {
  machinePaths,
  type PackageManifest,
  packageEntries,
  ROOT,
  readText,
  repositoryPaths,
  unusedCodes,
} from "./repository.ts";
import { isTest, readSourceFiles } from "./source-file.ts";

const paths = repositoryPaths();
const manifest = JSON.parse(readText("package.json")) as PackageManifest;
const lock = JSON.parse(readText("package-lock.json")) as LockFile;

describe("error codes", () => {
  it("are each used by a source", () => {
    const sources = paths.filter((path) => path.startsWith("src/") && path.endsWith(".ts") && !isTest(path));
    expect(unusedCodes(Object.keys(ERROR_CODES), readSourceFiles(ROOT, sources))).toEqual([]);
  });

  it("are refused when none uses them", () => {
    const files = [
      { path: "src/codes.ts", text: '"b"' },
      { path: "src/a.ts", text: 'throw new VaultError("a", "…");' },
    ];
    expect(unusedCodes(["a", "b"], files)).toEqual(["b"]);
  });
});

describe("files", () => {
  it("hold no path of somebody's machine", () => {
    const texts = paths.filter((path) => !BINARY.test(path));
    expect(machinePaths(readSourceFiles(ROOT, texts))).toEqual([]);
  });

  it("are refused one", () => {
    const folders = ["work", "home", "Users"].map((folder) => `/${folder}/me/a.ts`);
    const text = folders.map((folder) => `see "${folder}"`).join("\n");
    expect(machinePaths([{ path: "a.md", text }])).toHaveLength(folders.length);
    expect(machinePaths([{ path: "a.md", text: "docs/work/plan.md and https://example.org/home/page" }])).toEqual([]);
  });
});

const BINARY = /\.(?:png|jpe?g|gif|ico|pdf|woff2?|wasm|gz)$/;

describe("the package", () => {
  it("has a source for each entry and program", () => {
    expect(packageEntries(manifest).filter((entry) => !paths.includes(entry))).toEqual([]);
  });

  it("finds the source of an entry", () => {
    const exports = {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    };
    expect(packageEntries({ exports, bin: { a: "dist/cli/a.js" } })).toEqual(["src/index.ts", "src/cli/a.ts"]);
  });
});

describe("the lock file", () => {
  it("names no registry", () => {
    expect(Object.keys(lock.packages).filter((path) => lock.packages[path]?.resolved !== undefined)).toEqual([]);
  });

  it("has every platform's packages: otherwise run scripts/complete-lock-file.ts", () => {
    expect(missingOptionalPackages(lock)).toEqual([]);
  });

  it("is completed with what the parent names", () => {
    const partial: LockFile = {
      packages: {
        "": {},
        "node_modules/a": {
          version: "1.0.0",
          dev: true,
          optionalDependencies: { "@a/linux-x64-musl": "1.0.0", "@a/own": "1.0.0" },
        },
        "node_modules/a/node_modules/@a/own": { version: "1.0.0", optional: true },
      },
    };
    expect(completeLockFile(partial)).toEqual(["@a/linux-x64-musl"]);
    expect(partial.packages["node_modules/@a/linux-x64-musl"]).toEqual({
      version: "1.0.0",
      cpu: ["x64"],
      dev: true,
      libc: ["musl"],
      optional: true,
      os: ["linux"],
    });
    expect(missingOptionalPackages(partial)).toEqual([]);
  });

  it("derives from names what registries say about packages that are there", () => {
    const known = Object.entries(lock.packages)
      .filter(([path, { os, cpu, integrity }]) => os && cpu && integrity && /-(?:gnu|msvc|darwin-\w+)$/.test(path))
      .map(([path, { os, cpu, libc }]) => ({
        name: path.replace(/^.*node_modules\//, ""),
        os,
        cpu,
        ...(libc && { libc }),
      }));
    expect(known.length).toBeGreaterThan(10);
    expect(known.map(({ name }) => ({ name, ...platformOf(name) }))).toEqual(known);
  });
});
