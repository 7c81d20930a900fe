import type { DocketReading } from "./docket-reader.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/**
 * Reads dockets that count as verified. What cannot be proven is read again with nodes of the log that were made again.
 * Reports nothing.
 */
export async function readVerified(
  register: VerifiedRegister,
  heights: readonly bigint[],
): Promise<readonly DocketReading[]> {
  const { sound } = register.set;
  const readings = await register.reader.read(heights, sound);
  const isUnproven = readings.some((reading) => "problem" in reading && reading.isUnproven);
  if (!isUnproven || !(await register.rebuildNodes())) return readings;
  return await register.reader.read(heights, sound);
}
