import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { ErrorItem } from "../errors.ts";
import { BUILT_IN_ENGINES, type EngineSettings, TIERS } from "./engine-settings.ts";

/** What a module of engines exports, as far as the configuration is concerned. */
const exported = z.looseObject({
  engines: z
    .array(
      z.looseObject({
        tier: z.enum(TIERS.filter((tier) => tier !== "relational")),
        name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
        settings: z.custom<z.ZodObject>((schema) => schema instanceof z.ZodObject),
        secrets: z.array(z.string()),
        isVolatile: z.boolean(),
        open: z.custom<() => unknown>((open) => typeof open === "function"),
      }),
    )
    .min(1),
});

interface LoadOptions {
  readonly workingDirectory: string;
  readonly problems: ErrorItem[];
}

/**
 * Loads packages by name and files by paths that begin with `./`, from the working directory, and returns the engines they export as `engines`. What
 * cannot be loaded, or is no engine, or has a name that is taken, is a problem.
 */
export async function loadEngineModules(names: readonly string[], options: LoadOptions): Promise<EngineSettings[]> {
  const engines: EngineSettings[] = [];
  for (const name of names) {
    const found = await importModule(name, options.workingDirectory);
    const result = exported.safeParse(found);
    const problem = found === undefined ? "cannot be loaded" : moduleProblem(result, engines);
    if (problem === undefined) engines.push(...((found as { engines: EngineSettings[] }).engines ?? []));
    else options.problems.push(problemOf(name, problem));
  }
  return engines;
}

/** `undefined` when there is none, or when it throws. */
async function importModule(name: string, workingDirectory: string): Promise<unknown> {
  try {
    const path = createRequire(join(workingDirectory, "strongroom.toml")).resolve(name);
    return await import(pathToFileURL(path).href);
  } catch {
    return undefined;
  }
}

function moduleProblem(
  result: z.ZodSafeParseResult<z.output<typeof exported>>,
  before: readonly EngineSettings[],
): string | undefined {
  if (!result.success) {
    return `exports no \`engines\` that the vault can use: ${z.prettifyError(result.error).replaceAll("\n", " ")}`;
  }
  const known: readonly Pick<EngineSettings, "tier" | "name">[] = [...BUILT_IN_ENGINES, ...before];
  const twice = result.data.engines.find((one) =>
    known.some(({ tier, name }) => tier === one.tier && name === one.name),
  );
  return twice && `brings ${twice.name} for ${twice.tier}, which there is already`;
}

function problemOf(name: string, problem: string): ErrorItem {
  return { path: "/storage/engineModules", code: "engine_module", message: `The module ${name} ${problem}.` };
}
