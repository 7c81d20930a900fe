import { execFile } from "node:child_process";
import { copyFile, cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A project outside this repository that has installed the package. */
export interface InstalledPackage extends AsyncDisposable {
  readonly directory: string;
  /** URL of the program. */
  readonly main: string;
  /** Copies a folder of the repository, without its tests, to a path of the project. */
  copy(folder: string, path: string): Promise<void>;
}

/** Builds the package and puts it where a package manager would. What it depends on is that of this repository. */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = await mkdtemp(join(tmpdir(), "strongroom-installed-"));
  const home = join(directory, "node_modules", "strongroom");
  await mkdir(home, { recursive: true });
  await copyFile(join(ROOT, "package.json"), join(home, "package.json"));
  await build(join(home, "dist"));
  await symlink(join(ROOT, "node_modules"), join(home, "node_modules"));
  await symlink(join(ROOT, "node_modules", "zod"), join(directory, "node_modules", "zod"));
  return {
    directory,
    main: pathToFileURL(join(home, "dist/cli/main.js")).href,
    copy: (folder, path) =>
      cp(join(ROOT, folder), join(directory, path), {
        recursive: true,
        filter: (source) => !source.endsWith(".test.ts"),
      }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Types are checked elsewhere. */
async function build(outDir: string): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const compiler = join(dirname(manifest), "bin", "tsc");
  const project = join(ROOT, "tsconfig.build.json");
  await promisify(execFile)(process.execPath, [compiler, "-p", project, "--outDir", outDir, "--noCheck"]);
}
