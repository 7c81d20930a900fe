import type { DocketReader, DocketReading } from "./docket-reader.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** A register whose dockets can be read. */
export interface ReadableRegister {
  readonly set: VerifiedSet;
  readonly reader: DocketReader;
  rebuildNodes(): Promise<boolean>;
}

/** A docket of which nobody can say yet whether it is the one that the register is known to have. */
const PENDING = { isPending: true } as const;

/**
 * Reads dockets that count as verified. What cannot be proven is read again with nodes of the log that were made again; while a
 * verification has not come to what the register is known to be, it waits for the end of that. Reports nothing.
 */
export async function readVerified(
  register: ReadableRegister,
  heights: readonly bigint[],
): Promise<readonly (DocketReading | typeof PENDING)[]> {
  const { sound, ahead } = register.set;
  const readings = await register.reader.read(heights, sound, ahead);
  if (ahead) return readings.map((reading) => (isUnproven(reading) ? PENDING : reading));
  if (!readings.some(isUnproven) || !(await register.rebuildNodes())) return readings;
  return await register.reader.read(heights, sound);
}

function isUnproven(reading: DocketReading): boolean {
  return "problem" in reading && reading.isUnproven;
}
