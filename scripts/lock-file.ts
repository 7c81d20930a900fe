export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly cpu?: readonly string[];
  readonly dev?: boolean;
  readonly libc?: readonly string[];
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly peer?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** package-lock.json, version 3: keys are paths such as `node_modules/a/node_modules/b`, "" is the project. */
export interface LockFile {
  packages: Record<string, LockedPackage>;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];
const LIBRARIES: Readonly<Record<string, string>> = { gnu: "glibc", musl: "musl" };

export interface MissingPackage {
  readonly parent: string;
  readonly name: string;
  readonly version: string;
}

/** Optional packages that some locked package names and that the lock file has no entry for. */
export function missingOptionalPackages(lock: LockFile): MissingPackage[] {
  return Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isLocked(lock, parent, name))
      .map(([name, version]) => ({ parent, name, version })),
  );
}

/** Adds an entry for each missing platform package, in npm's order of keys, and tells which were added. */
export function completeLockFile(lock: LockFile): string[] {
  const missing = missingOptionalPackages(lock);
  for (const { parent, name, version } of missing) {
    const platform = platformOf(name);
    if (!platform) throw new TypeError(`${name}: the name does not tell the platform, add the package by hand`);
    const { dev, peer } = lock.packages[parent] ?? {};
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: platform.cpu,
      ...(dev && { dev }),
      ...(platform.libc && { libc: platform.libc }),
      optional: true,
      os: platform.os,
      ...(peer && { peer }),
    };
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
  return missing.map(({ name }) => name);
}

export interface Platform {
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
}

/** The platform that a package name such as `@oxlint/binding-linux-x64-musl` ends with. */
export function platformOf(name: string): Platform | undefined {
  const words = name.split(/[-/]/);
  const at = words.findIndex((word) => SYSTEMS.includes(word));
  const [os, cpu, library] = words.slice(at);
  if (at < 0 || !os || !cpu || !PROCESSORS.includes(cpu)) return undefined;
  const libc = os === "linux" && library ? LIBRARIES[library] : undefined;
  return { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
}

function isLocked({ packages }: LockFile, parent: string, name: string): boolean {
  for (let folder = parent; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    if (packages[`${folder ? `${folder}/` : ""}node_modules/${name}`]) return true;
    if (!folder) return false;
  }
}
