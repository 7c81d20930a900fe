import { styleText } from "node:util";
import type { RecoveryReportJson, RegisterStatusJson, VerificationReportJson } from "../../http/register-answers.ts";
import type { VerificationProgress } from "./register-source.ts";

/* Registers in words. */

const COLOURS: Readonly<Partial<Record<RegisterStatusJson["state"]["state"], "green" | "yellow" | "red">>> = {
  Healthy: "green",
  Offline: "red",
};

export function describeStatus(status: RegisterStatusJson): string {
  const { registerId, kind, charter, state, counts, corruptedRanges, checkpoint, checkpointVerifier, replica, scrub } =
    status;
  const colour = COLOURS[state.state] ?? "yellow";
  const rows: readonly (readonly [string, string | null])[] = [
    ["Register", `${registerId}${kind === "replica" ? ", a replica" : ""}`],
    ["Begun", timeOf(charter["createdAt"])],
    ["State", `${styleText(colour, state.state, { stream: process.stdout })} since ${state.lastStateChange}`],
    ["", state.message],
    ["Verifying", state.progress && describeProgress(state.progress)],
    ["Dockets", `${counts.verifiedCount} of ${counts.totalCount} verified${heightsOf(counts)}`],
    ["Checkpoint", checkpoint ? `of ${checkpoint.size} dockets, root ${checkpoint.root}` : "none yet"],
    ["Verifier", checkpointVerifier],
    ["Scrubbed", scrub && describeScrub(scrub)],
    ["Follows", replica && describeReplica(replica)],
  ];
  return [...linesOf(rows), ...tableOf(corruptedRanges)].join("\n");
}

function describeScrub({ position, completedAt }: NonNullable<RegisterStatusJson["scrub"]>): string {
  const round = completedAt === null ? "the first round is under way" : `last round ended ${completedAt}`;
  return `${round}, next at height ${position}`;
}

function describeReplica(replica: NonNullable<RegisterStatusJson["replica"]>): string {
  const { source, behind, lastContactAt, problem, isFollowing } = replica;
  const facts = [
    source,
    behind === null ? "not heard of yet" : `${behind} dockets behind`,
    lastContactAt && `last heard of ${lastContactAt}`,
    problem,
    isFollowing ? null : "not followed any more: it has shown two different registers",
  ];
  return facts.filter(Boolean).join(", ");
}

export function describeVerification(report: VerificationReportJson): string {
  const { registerId, verifiedDocketCount, totalDocketCount, durationMs, verificationRate, corruptedRanges } = report;
  const rate = verificationRate > 0 ? `, ${verificationRate} a second` : "";
  const lines = linesOf([
    ["Register", registerId],
    ["State", report.resultingState],
    ["Dockets", `${verifiedDocketCount} of ${totalDocketCount} verified`],
    ["Took", `${secondsText(durationMs / 1_000)}${rate}`],
  ]);
  return [...lines, ...tableOf(corruptedRanges)].join("\n");
}

export function describeRecovery({ docketsRecovered, transactionsRecovered, remaining }: RecoveryReportJson): string {
  if (docketsRecovered === 0 && remaining.length === 0) return "Nothing is damaged.";
  const line = `Recovered ${docketsRecovered} dockets with ${transactionsRecovered} transactions.`;
  return [line, ...tableOf(remaining.map((range) => ({ ...range, details: range.message ?? range.details })))].join(
    "\n",
  );
}

/** `42 %, 1260 of 3000 dockets, 870 a second, 2 s to go`. */
export function describeProgress({ examined, total, perSecond }: VerificationProgress): string {
  const [done, all] = [Number(examined), Number(total)];
  const share = all === 0 ? 100 : Math.floor((done / all) * 100);
  const left = perSecond > 0 ? `, ${perSecond} a second, ${secondsText((all - done) / perSecond)} to go` : "";
  return `${share} %, ${examined} of ${total} dockets${left}`;
}

function heightsOf({ contiguousHeight, highestHeight }: RegisterStatusJson["counts"]): string {
  if (contiguousHeight === null && highestHeight === null) return "";
  if (contiguousHeight === highestHeight) return `, up to height ${highestHeight}`;
  const first =
    contiguousHeight === null ? "not from the first one on" : `without a gap up to height ${contiguousHeight}`;
  return `, ${first}, the last at height ${highestHeight ?? "none"}`;
}

interface Range {
  readonly startHeight: string;
  readonly endHeight: string;
  readonly type: string;
  readonly details: string;
  readonly recoveryStatus?: string;
  readonly recoveryAttempts?: number;
}

function tableOf(ranges: readonly Range[]): readonly string[] {
  if (ranges.length === 0) return [];
  const header = ["Heights", "Damage", "Recovery", "Details"];
  const rows = ranges.map(({ startHeight, endHeight, type, details, recoveryStatus, recoveryAttempts = 0 }) => [
    startHeight === endHeight ? startHeight : `${startHeight} to ${endHeight}`,
    type,
    recoveryStatus === undefined ? "" : `${recoveryStatus}${recoveryAttempts > 0 ? `, ${recoveryAttempts} tried` : ""}`,
    details,
  ]);
  const all = [header, ...rows];
  const used = header.map((_, column) => rows.some((row) => row[column] !== ""));
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, column) => (used[column] ? cell.padEnd((widths[column] ?? 0) + 2) : ""))
      .join("")
      .trimEnd();
  return ["", ...all.map((row) => `  ${lineOf(row)}`)];
}

function linesOf(rows: readonly (readonly [string, string | null])[]): readonly string[] {
  return rows.flatMap(([name, text]) => (text === null ? [] : [`  ${name.padEnd(12)}${text}`]));
}

function timeOf(epochMs: unknown): string | null {
  return typeof epochMs === "number" && epochMs <= 8.64e15 ? new Date(epochMs).toISOString() : null;
}

function secondsText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
