import type { DocketReader, DocketReading } from "./docket-reader.ts";
import type { VerifiedSet } from "./verified-set.ts";

/** A register whose dockets can be read. */
export interface ReadableRegister {
  readonly set: VerifiedSet;
  readonly reader: DocketReader;
  rebuildNodes(): Promise<boolean>;
}

/**
 * Reads dockets that count as verified. What cannot be proven is read again with nodes of the log that were made again.
 * Reports nothing.
 */
export async function readVerified(
  register: ReadableRegister,
  heights: readonly bigint[],
): Promise<readonly DocketReading[]> {
  const { sound } = register.set;
  const readings = await register.reader.read(heights, sound);
  const isUnproven = readings.some((reading) => "problem" in reading && reading.isUnproven);
  if (!isUnproven || !(await register.rebuildNodes())) return readings;
  return await register.reader.read(heights, sound);
}
