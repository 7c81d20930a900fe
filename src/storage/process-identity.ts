import { readFileSync, readlinkSync } from "node:fs";

/** What tells one run of a process from every other, as far as the system says. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between the boot and the start of the process; `null` without /proc. */
  readonly startTicks: string | null;
  /** The boot and the process namespace that the pid counts in; `null` without /proc. */
  readonly namespace: string | null;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid), namespace: ownNamespace() };
}

/**
 * Whether the process still runs. `"unknown"` when its pid counts in another namespace, which is another
 * container, another machine or the time before the last boot, or when the system does not tell start times,
 * so that another process may have got the pid.
 */
export function livenessOf(identity: ProcessIdentity): "alive" | "dead" | "unknown" {
  const namespace = ownNamespace();
  if (namespace !== identity.namespace) return "unknown";
  if (!pidExists(identity.pid)) return "dead";
  if (namespace === null) return "unknown";
  return startTicksOf(identity.pid) === identity.startTicks ? "alive" : "dead";
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the second field is a name in parentheses that may hold any character. */
function startTicksOf(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fieldsAfterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A process that was killed and not yet waited for has a pid and no files open any more.
  return fieldsAfterName[0] === "Z" ? null : (fieldsAfterName[19] ?? null);
}

function ownNamespace(): string | null {
  const boot = readOrNull("/proc/sys/kernel/random/boot_id");
  if (boot === null) return null;
  try {
    return `${boot.trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return null;
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
