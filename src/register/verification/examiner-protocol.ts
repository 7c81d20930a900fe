import type { ErrorCode } from "../../codes.ts";
import type { DocketBytes } from "./docket-examiner.ts";
import type { Examination } from "./examine-docket.ts";
import type { DirectoryKey } from "./key-directory.ts";

/** A key directory as plain data. */
export interface SentKeys {
  readonly keys: readonly DirectoryKey[];
  readonly version: number;
}

/** Dockets for a thread. */
export interface ExaminerRequest {
  readonly batch: number;
  readonly registerId: string;
  /** Which directory of keys; one number for each that was ever sent to the thread. */
  readonly directory: number;
  /** The directory itself, when the thread does not have it. */
  readonly keys: SentKeys | undefined;
  readonly dockets: PackedDockets;
}

/** The answer. Its numbers and texts are few, and take two microseconds for a docket as they are. */
export type ExaminerReply =
  | { readonly batch: number; readonly examinations: readonly Examination[] }
  | { readonly batch: number; readonly refused: { readonly code: ErrorCode; readonly message: string } };

/** Dockets one after the other in one buffer, which is handed over and not copied again. */
export interface PackedDockets {
  readonly heights: readonly bigint[];
  readonly lengths: readonly number[];
  readonly buffer: ArrayBuffer;
}

/** Copies the dockets, because their bytes may be views of a buffer that others use. */
export function packDockets(dockets: readonly DocketBytes[]): PackedDockets {
  const lengths = dockets.map(({ bytes }) => bytes.length);
  const packed = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let offset = 0;
  for (const { bytes } of dockets) {
    packed.set(bytes, offset);
    offset += bytes.length;
  }
  return { heights: dockets.map(({ height }) => height), lengths, buffer: packed.buffer };
}

export function unpackDockets({ heights, lengths, buffer }: PackedDockets): readonly DocketBytes[] {
  let offset = 0;
  return heights.map((height, at) => {
    const bytes = new Uint8Array(buffer, offset, lengths[at]);
    offset += bytes.length;
    return { height, bytes };
  });
}

/** Directories that a thread keeps. */
const KEPT_DIRECTORIES = 16;

/**
 * Keeps something under a name and forgets the oldest beyond the limit. Both sides of a thread do so in the order of the
 * requests, so each knows what the other has.
 */
export function keep<Name, Kept>(kept: Map<Name, Kept>, name: Name, value: Kept): void {
  kept.set(name, value);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_DIRECTORIES && oldest !== undefined) kept.delete(oldest);
}
