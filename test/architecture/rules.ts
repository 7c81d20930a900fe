import { importsOf, isTest, type SourceFile, unitOf, withoutComments } from "./source-file.ts";

/** The engines, as folders below src/storage and as prefixes of the files that implement an interface with one. */
const ENGINES = ["in-memory", "postgres", "redis", "mongodb"];
const ENGINE_WORD = /\b(in-memory|postgres(?:ql)?|pglite|pgvector|redis|mongo(?:db)?|sqlite)\b/i;

function engineFolderOf(path: string): string | undefined {
  const [, unit, folder] = path.split("/");
  return unit === "storage" && folder && ENGINES.includes(folder) ? folder : undefined;
}

/** The engine that a file outside the engines' folders implements an interface with: `postgres-profile-store.ts`. */
function enginePrefixOf(path: string): string | undefined {
  const words = path.split("/").slice(2);
  return ENGINES.find((engine) => words.some((word) => word === engine || word.startsWith(`${engine}-`)));
}

/** Engines that import each other or a domain, and files that use an engine without carrying its name. */
export function engineViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith("src/") && !isTest(path))
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => !mayUse(file.path, target))
        .map((target) => `${file.path} imports ${target}`),
    );
}

/** Units that choose or prepare an engine and therefore name it. */
const ENGINE_USERS = ["vault", "migrations", "testing"];

function mayUse(path: string, target: string): boolean {
  const own = engineFolderOf(path);
  const used = engineFolderOf(target) ?? (target.startsWith("src/") ? enginePrefixOf(target) : undefined);
  if (own !== undefined && !target.startsWith(`src/storage/${own}/`)) {
    const shared = ["storage", "errors", "codes", "clock", "identifiers", "json", "text-order", "config", "telemetry"];
    return used === undefined && shared.includes(unitOf(target));
  }
  if (used === undefined || ENGINE_USERS.includes(unitOf(path))) return true;
  return own === used || enginePrefixOf(path) === used;
}

/** Stores, and what the engines of a tier share. */
const INTERFACE_FILE = /-store\.ts$|^src\/storage\/(?:(?:cache|documents|filters|records|worm)\/)?[^/]+\.ts$/;

/** Interfaces of a domain's state that mention an engine, in code or in a comment. */
export function interfaceViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => INTERFACE_FILE.test(path) && !enginePrefixOf(path) && !isTest(path))
    .filter(({ path }) => !path.startsWith("src/testing/"))
    .flatMap(({ path, text }) => {
      const word = ENGINE_WORD.exec(text)?.[0];
      return word && /export (?:interface|abstract class)/.test(text) ? [`${path} mentions ${word}`] : [];
    });
}

/** Chains of imports that lead back to their first file, type imports included. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file)]));
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const cycles: string[] = [];
  const visit = (path: string): void => {
    if (state.get(path) === "open") cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (state.has(path)) return;
    state.set(path, "open");
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    state.set(path, "done");
  };
  for (const path of graph.keys()) visit(path);
  return cycles;
}

const BUCKET =
  /^(?:.*-)?(?:utils?|utilities|helpers?|common|misc|shared)$|^(?:types?|interfaces|services|models|constants|lib|core)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Technical buckets and names that are not kebab-case. `src/models` is the domain of language models. */
export function nameViolations(paths: readonly string[]): string[] {
  return paths
    .filter((path) => /^(?:src|test|bench|examples|scripts)\//.test(path) && path.endsWith(".ts"))
    .flatMap((path) => {
      const names = path
        .split("/")
        .slice(1)
        .map((name) => name.replace(/(?:\.test|\.d|\.bench)?\.ts$/, ""));
      const bad = names.find((name, depth) => isBadName(name) && !(path.startsWith("src/models/") && depth === 0));
      return bad === undefined ? [] : [`${path}: ${bad}`];
    });
}

function isBadName(name: string): boolean {
  return BUCKET.test(name) || !KEBAB_CASE.test(name);
}

/** Default exports, but for the configuration files whose tools ask for one. */
export function defaultExports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !path.endsWith(".config.ts"))
    .filter(({ text }) => /^export (?:default\b|\{[^}]*\bas default\b)/m.test(withoutComments(text)))
    .map(({ path }) => `${path} has a default export`);
}

/** Files that only pass on what others export, but for the entries of the package. */
export function barrels(files: readonly SourceFile[], entries: readonly string[]): string[] {
  return files
    .filter(({ path }) => !entries.includes(path))
    .filter(({ path, text }) => path.endsWith("/index.ts") || isBarrel(withoutComments(text)))
    .map(({ path }) => `${path} is a barrel and no entry of the package`);
}

function isBarrel(code: string): boolean {
  if (/^export \* from /m.test(code)) return true;
  const rest = code.replace(/^(?:import|export)\s[^;]*?\sfrom\s+"[^"]+";/gm, "").trim();
  return rest === "" && /^export\s/m.test(code);
}

const FORBIDDEN: readonly { readonly pattern: RegExp; readonly instead: string; readonly except: RegExp }[] = [
  {
    pattern: /new (?:Type|Range|Syntax)?Error\(/,
    instead: "VaultError or invariant()",
    except: /^src\/(?:errors\.ts$|storage\/[^/]+\/)/,
  },
  { pattern: /\bprocess\.exit\b/, instead: "an error, which cli/ turns into an exit code", except: /^src\/cli\// },
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, instead: "the injected Clock", except: /^src\/(?:clock\.ts|telemetry\/)/ },
  { pattern: /\bMath\.random\(/, instead: "injected randomness", except: /^src\/identifiers\.ts$/ },
];

/**
 * What a source outside the tests must not call: bare errors, the process's end, the wall clock, unseeded chance.
 * An engine's folder may build a driver's error, which its translation turns into a registered one.
 */
export function forbiddenCalls(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith("src/") && !isTest(path) && !path.startsWith("src/testing/"))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text);
      return FORBIDDEN.filter(({ pattern, except }) => !except.test(path) && pattern.test(code)).map(
        ({ pattern, instead }) => `${path}: ${pattern.exec(code)?.[0]} instead of ${instead}`,
      );
    });
}
