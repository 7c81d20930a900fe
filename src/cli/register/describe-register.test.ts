import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { RegisterStatusJson } from "../../http/register-answers.ts";
import { describeProgress, describeRecovery, describeStatus, describeVerification } from "./describe-register.ts";

const RANGE = {
  type: "InvalidDocketHash",
  startHeight: "7",
  endHeight: "7",
  details: "The hash is not that of the header.",
  transactionIds: [],
  detectedAt: "2026-03-03T09:30:00.000Z",
  recoveryAttempts: 0,
  lastRecoveryAttempt: null,
  recoveryStatus: "Pending",
  message: null,
} as const;
const STATUS = {
  registerId: "a".repeat(32),
  kind: "own",
  charter: { createdAt: 1_772_530_200_000 },
  state: { state: "Healthy", message: null, lastStateChange: "2026-03-03T09:30:00.000Z", progress: null },
  counts: { verifiedCount: "12", contiguousHeight: "11", highestHeight: "11", totalCount: "12" },
  corruptedRanges: [],
  checkpoint: { size: "12", root: "b".repeat(64), note: "note" },
  checkpointVerifier: "origin+00000000+key",
  scrub: { position: "3", completedAt: null, oldestCheckAt: null, ageMs: null },
  replica: null,
} as RegisterStatusJson;

const plain = (text: string) => stripVTControlCharacters(text).split("\n");

describe("a register in words", () => {
  it("is what an outsider pins, and how far it is verified", () => {
    expect(plain(describeStatus(STATUS))).toEqual([
      `  Register    ${"a".repeat(32)}`,
      "  Begun       2026-03-03T09:30:00.000Z",
      "  State       Healthy since 2026-03-03T09:30:00.000Z",
      "  Dockets     12 of 12 verified, up to height 11",
      `  Checkpoint  of 12 dockets, root ${"b".repeat(64)}`,
      "  Verifier    origin+00000000+key",
      "  Scrubbed    the first round is under way, next at height 3",
    ]);
  });

  it("has a table of what is damaged", () => {
    const lines = plain(
      describeStatus({
        ...STATUS,
        kind: "replica",
        state: { ...STATUS.state, state: "Degraded", message: "Damaged dockets: 7." },
        counts: { verifiedCount: "8", contiguousHeight: "6", highestHeight: "8", totalCount: "12" },
        corruptedRanges: [
          RANGE,
          {
            ...RANGE,
            type: "MissingData",
            startHeight: "9",
            endHeight: "11",
            recoveryStatus: "Failed",
            recoveryAttempts: 3,
          },
        ],
        checkpoint: null,
        checkpointVerifier: null,
        replica: {
          source: "https://one.example",
          sourceSize: "14",
          behind: "2",
          lastContactAt: "2026-03-03T09:30:00.000Z",
          problem: null,
          isFollowing: true,
        },
      }),
    );
    expect(lines[0]).toContain(", a replica");
    expect(lines).toContain("  Dockets     8 of 12 verified, without a gap up to height 6, the last at height 8");
    expect(lines).toContain("  Checkpoint  none yet");
    expect(lines).toContain(
      "  Follows     https://one.example, 2 dockets behind, last heard of 2026-03-03T09:30:00.000Z",
    );
    expect(lines.slice(-4)).toEqual([
      "",
      "  Heights  Damage             Recovery         Details",
      "  7        InvalidDocketHash  Pending          The hash is not that of the header.",
      "  9 to 11  MissingData        Failed, 3 tried  The hash is not that of the header.",
    ]);
  });

  it.each<[[string, string, number], string]>([
    [["0", "0", 0], "100 %, 0 of 0 dockets"],
    [["0", "3000", 0], "0 %, 0 of 3000 dockets"],
    [["1260", "3000", 870], "42 %, 1260 of 3000 dockets, 870 a second, 2.0 s to go"],
    [["2999", "3000", 870], "99 %, 2999 of 3000 dockets, 870 a second, 1 ms to go"],
    [["0", "1000000", 5_000], "0 %, 0 of 1000000 dockets, 5000 a second, 3 min to go"],
  ])("says of a verification at %j how far it is", ([examined, total, perSecond], text) => {
    expect(describeProgress({ examined, total, perSecond })).toBe(text);
  });

  it("says what a verification found, and what a recovery came to", () => {
    const { type, startHeight, endHeight, details } = RANGE;
    const report = {
      registerId: "a".repeat(32),
      verifiedDocketCount: "11",
      totalDocketCount: "12",
      corruptedRanges: [{ type, startHeight, endHeight, details, transactionIds: [] }],
      durationMs: 2_400,
      resultingState: "Degraded",
      hasCorruption: true,
      isFullyVerified: false,
      verificationRate: 5,
    } as const;
    expect(plain(describeVerification(report)).slice(2)).toEqual([
      "  Dockets     11 of 12 verified",
      "  Took        2.4 s, 5 a second",
      "",
      "  Heights  Damage             Details",
      "  7        InvalidDocketHash  The hash is not that of the header.",
    ]);
    const nothing = { docketsRecovered: 0, transactionsRecovered: 0, remaining: [] };
    expect(describeRecovery(nothing)).toBe("Nothing is damaged.");
    const remaining = [{ ...RANGE, recoveryAttempts: 1, message: "No peer has it." }];
    const recovered = { docketsRecovered: 2, transactionsRecovered: 30, remaining };
    expect(describeRecovery(recovered).split("\n")).toEqual([
      "Recovered 2 dockets with 30 transactions.",
      "",
      "  Heights  Damage             Recovery          Details",
      "  7        InvalidDocketHash  Pending, 1 tried  No peer has it.",
    ]);
  });
});
