import { describe, expect, it } from "vitest";
import { layerViolations, RANKS, unknownUnits } from "./layers.ts";
import { impurities, isPure } from "./purity.ts";
import { type PackageManifest, packageEntries, ROOT, readText, repositoryPaths } from "./repository.ts";
import {
  barrels,
  defaultExports,
  engineViolations,
  forbiddenCalls,
  importCycles,
  interfaceViolations,
  nameViolations,
} from "./rules.ts";
import { readSourceFiles, type SourceFile, specifiersOf, withoutComments } from "./source-file.ts";

const paths = repositoryPaths();
const code = readSourceFiles(
  ROOT,
  paths.filter((path) => path.endsWith(".ts")),
);
const sources = code.filter(({ path }) => path.startsWith("src/"));
const entries = packageEntries(JSON.parse(readText("package.json")) as PackageManifest);

/** One file of a made-up tree that imports the given specifiers. */
function file(path: string, ...specifiers: string[]): SourceFile {
  return { path, text: specifiers.map((specifier) => `import { x } from "${specifier}";\n`).join("") };
}

describe("the text of a source file", () => {
  it("yields the specifiers of every kind of import", () => {
    const text = [
      'import "./effect.ts";',
      'import type { A } from "./a.ts";',
      'import {\n  b,\n  type C,\n} from "./b.ts";',
      'export { d } from "./d.ts";',
      'export * from "./e.ts";',
      'const f = await import("./f.ts");',
      'export const g = "./g.ts";',
      '  const h = `import { x } from "./h.ts";`;',
    ].join("\n");
    expect(specifiersOf(text)).toEqual(["./effect.ts", "./a.ts", "./b.ts", "./d.ts", "./e.ts", "./f.ts"]);
  });

  it("loses its comments and keeps its strings", () => {
    expect(withoutComments('a("// no"); // yes\n/* b\n */ c(`/* no */`);')).toBe('a("// no"); \n\n c(`/* no */`);');
  });
});

describe("layers", () => {
  it("hold", () => {
    expect(layerViolations(sources)).toEqual([]);
  });

  it("hold only units of the design", () => {
    expect(unknownUnits(sources)).toEqual([]);
  });

  it.each([
    ["upwards", "src/storage/page.ts", "../profiles/item.ts"],
    ["sideways without a declared edge", "src/agents/agent.ts", "../profiles/item.ts"],
    ["against a declared edge", "src/register/docket.ts", "../profiles/item.ts"],
    ["from a transport that is not declared", "src/http/server.ts", "../cli/main.ts"],
    ["of the composition root below it", "src/profiles/profiles.ts", "../vault.ts"],
    ["of the test suites in the product", "src/profiles/profiles.ts", "../testing/index.ts"],
    ["of a transport in the test suites", "src/testing/store-contract.ts", "../http/server.ts"],
    ["of a unit without a rank", "src/http/server.ts", "../billing/invoice.ts"],
    ["of something outside the sources", "src/config/version.ts", "../../package.json"],
  ])("refuse an import %s", (_, path, specifier) => {
    expect(layerViolations([file(path, specifier)])).toHaveLength(1);
  });

  it.each([
    ["downwards", "src/profiles/item.ts", "../storage/page.ts"],
    ["along a declared edge", "src/profiles/seal.ts", "../register/docket.ts"],
    ["of anything by the composition root", "src/vault.ts", "./http/server.ts"],
    ["of the composition root by a transport", "src/http/server.ts", "../vault.ts"],
    ["of anything by a test", "src/storage/page.test.ts", "../profiles/item.ts"],
  ])("allow an import %s", (_, path, specifier) => {
    expect(layerViolations([file(path, specifier)])).toEqual([]);
  });

  it("name each unit once", () => {
    expect(RANKS.flat()).toEqual([...new Set(RANKS.flat())]);
  });

  it("refuse a folder that the design does not name", () => {
    expect(unknownUnits([file("src/billing/invoice.ts"), file("src/clock.test.ts")])).toHaveLength(1);
  });
});

describe("engines", () => {
  it("know neither each other nor a domain", () => {
    expect(engineViolations(sources)).toEqual([]);
  });

  it.each([
    ["another engine", "src/storage/postgres/pool.ts", "../redis/connection.ts"],
    ["a domain", "src/storage/postgres/pool.ts", "../../profiles/item.ts"],
    ["a domain's store of the same engine", "src/storage/postgres/pool.ts", "../../profiles/postgres-profile-store.ts"],
  ])("are refused an import of %s", (_, path, specifier) => {
    expect(engineViolations([file(path, specifier)])).toHaveLength(1);
  });

  it.each([
    ["a service that imports an engine", "src/profiles/profiles.ts", "../storage/postgres/sql-database.ts"],
    ["a service that imports an engine's store", "src/profiles/profiles.ts", "./postgres-profile-store.ts"],
    ["a store that imports another engine", "src/profiles/redis-x.ts", "../storage/postgres/sql-database.ts"],
    ["a route that imports a store", "src/http/routes/get.ts", "../../profiles/in-memory-profile-store.ts"],
  ])("refuse %s", (_, path, specifier) => {
    expect(engineViolations([file(path, specifier)])).toHaveLength(1);
  });

  it("allow a store of their own, migrations and the composition root", () => {
    const specifier = "../storage/postgres/sql-database.ts";
    const users = ["src/profiles/postgres-profile-store.ts", "src/migrations/migrator.ts"].map((path) =>
      file(path, specifier),
    );
    expect(engineViolations([...users, file("src/vault.ts", "./storage/postgres/sql-database.ts")])).toEqual([]);
  });
});

describe("interfaces of stores", () => {
  it("mention no engine", () => {
    expect(interfaceViolations(sources)).toEqual([]);
  });

  it("are refused the name of one, in a comment too", () => {
    const text = "/** Rows of a PostgreSQL table. */\nexport interface ProfileStore {}\n";
    expect(interfaceViolations([{ path: "src/profiles/profile-store.ts", text }])).toHaveLength(1);
    expect(interfaceViolations([{ path: "src/profiles/postgres-profile-store.ts", text }])).toEqual([]);
  });
});

describe("what verifies", () => {
  it("runs anywhere", () => {
    expect(impurities(sources)).toEqual([]);
    expect(sources.filter(({ path }) => isPure(path)).length).toBeGreaterThan(50);
  });

  const path = "src/register/ledger/docket.ts";

  it.each([
    ["a module of Node", [file(path, "node:crypto")]],
    ["a package that is not known to", [file(path, "zod")]],
    [
      "a module of Node behind another file",
      [file(path, "../../a.ts"), file("src/a.ts", "./b.ts"), file("src/b.ts", "node:fs")],
    ],
    ["one behind a file for Node", [file(path, "./node-a.ts"), file("src/register/ledger/node-a.ts", "node:fs")]],
    ["a global of Node", [{ path, text: "export const a = Buffer.alloc(1);\n" }]],
    ["one of the entry", [file("src/verify/index.ts", "node:crypto")]],
  ])("is refused %s", (_, files) => {
    expect(impurities(files)).toHaveLength(1);
  });

  it("may name what it does not use, and is not what is for Node", () => {
    const others = ["src/register/verification/examiner-thread.ts", "src/signatures/node-a.ts", "src/verify/node.ts"];
    expect(impurities(others.map((other) => file(other, "node:crypto")))).toEqual([]);
    expect(impurities([{ path, text: "// No Buffer.\nexport const a = 1;\n" }, file(path, "lru-cache")])).toEqual([]);
  });
});

describe("the graph of imports", () => {
  it("has no cycle", () => {
    expect(importCycles(sources)).toEqual([]);
  });

  it("is refused one, however long", () => {
    const cycle = [file("src/a.ts", "./b.ts"), file("src/b.ts", "./c.ts"), file("src/c.ts", "./a.ts")];
    expect(importCycles(cycle)).toEqual(["src/a.ts -> src/b.ts -> src/c.ts -> src/a.ts"]);
    expect(importCycles(cycle.slice(0, 2))).toEqual([]);
  });
});

describe("names", () => {
  it("are those of domains, in kebab case", () => {
    expect(nameViolations(paths)).toEqual([]);
  });

  it.each([
    "src/utils/a.ts",
    "src/profiles/types.ts",
    "src/http/route-helpers.ts",
    "src/profiles/models/a.ts",
    "test/common.ts",
  ])("refuse the bucket of %s", (path) => {
    expect(nameViolations([path])).toHaveLength(1);
  });

  it("refuse other spellings than kebab case", () => {
    expect(nameViolations(["src/profiles/ProfileStore.ts", "src/profiles/profile_store.ts"])).toHaveLength(2);
  });

  it("allow the domain of language models", () => {
    expect(nameViolations(["src/models/language-model.ts", "src/profiles/profile-store.test.ts"])).toEqual([]);
  });
});

describe("exports", () => {
  it("are named", () => {
    expect(defaultExports(code)).toEqual([]);
  });

  it("are refused as default", () => {
    const path = "src/profiles/item.ts";
    expect(defaultExports([{ path, text: "export default function item() {}\n" }])).toHaveLength(1);
    expect(defaultExports([{ path, text: "export { item as default };\n" }])).toHaveLength(1);
    expect(defaultExports([{ path, text: "// export default item\nexport const item = 1;\n" }])).toEqual([]);
  });

  it("are passed on by the package's entries only", () => {
    expect(barrels(sources, entries)).toEqual([]);
  });

  it("are refused in a barrel", () => {
    const reExport = 'export { a } from "./a.ts";\nexport type { B } from "./b.ts";\n';
    expect(barrels([{ path: "src/profiles/all.ts", text: reExport }], [])).toHaveLength(1);
    expect(barrels([{ path: "src/profiles/index.ts", text: "export const a = 1;\n" }], [])).toHaveLength(1);
    expect(
      barrels([{ path: "src/profiles/item.ts", text: 'export * from "./a.ts";\nexport const b = 1;\n' }], []),
    ).toHaveLength(1);
    expect(barrels([{ path: "src/profiles/item.ts", text: `${reExport}export const c = 1;\n` }], [])).toEqual([]);
    expect(barrels([{ path: "src/index.ts", text: reExport }], ["src/index.ts"])).toEqual([]);
  });
});

describe("sources", () => {
  it("throw registered errors, read the injected clock and leave the process alone", () => {
    expect(forbiddenCalls(sources)).toEqual([]);
  });

  it.each([
    'throw new Error("x");',
    "process.exit(1);",
    "const t = Date.now();",
    "const d = new Date();",
    "Math.random();",
  ])("are refused %s", (text) => {
    expect(forbiddenCalls([{ path: "src/profiles/item.ts", text }])).toHaveLength(1);
    expect(forbiddenCalls([{ path: "src/profiles/item.ts", text: `// ${text}` }])).toEqual([]);
  });
});
