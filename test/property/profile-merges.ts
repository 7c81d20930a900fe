import { expect } from "vitest";
import type { CustomerId, MergeId } from "../../src/identifiers.ts";
import type { ProfileRecord } from "../../src/profiles/customer.ts";
import type { MergeSummary } from "../../src/profiles/merge-service.ts";
import type { Command } from "./profile-commands.ts";
import { canonical } from "./profile-observation.ts";
import type { Outcome, ProfileRun } from "./profile-run.ts";

interface Merged {
  readonly before: readonly string[];
  readonly versionAfter: number;
}

/** Without what other customers' items and definitions say about this one's. */
function withoutEchoes(record: ProfileRecord): object {
  return {
    ...record,
    fields: record.fields.map((field) => ({ ...field, isPii: null, isOrphaned: null })),
    assets: record.assets.map((asset) => ({ ...asset, isOrphaned: null, analysisFieldIds: null })),
  };
}

/** Whoever takes a merge back that nothing came after has what there was before, to the last member. */
export class MergesTakenBack {
  readonly #run: ProfileRun;
  readonly #merged = new Map<MergeId, Merged>();
  #profiles = new Map<CustomerId, string>();
  #versions = new Map<CustomerId, number>();

  constructor(run: ProfileRun) {
    this.#run = run;
  }

  /** Before a command. */
  async prepare(command: Command): Promise<void> {
    if (command.kind !== "merge" && command.kind !== "undo") return;
    for (const customerId of this.#run.customers) await this.#read(customerId);
  }

  /** After it. Returns whether there was something to compare. */
  async check(command: Command, outcome: Outcome): Promise<boolean> {
    if (!("ok" in outcome)) return false;
    if (command.kind === "merge") {
      const { mergeId, sourceCustomerId, targetCustomerId } = outcome.ok as MergeSummary;
      const before = [sourceCustomerId, targetCustomerId].map((customerId) => this.#profiles.get(customerId) ?? "");
      await this.#read(targetCustomerId);
      this.#merged.set(mergeId, { before, versionAfter: this.#versions.get(targetCustomerId) ?? 0 });
    }
    if (command.kind !== "undo") return false;
    const { mergeId, sourceCustomerId, targetCustomerId } = outcome.ok as MergeSummary;
    const merged = this.#merged.get(mergeId);
    if (merged?.versionAfter !== this.#versions.get(targetCustomerId)) return false;
    const parties = [sourceCustomerId, targetCustomerId];
    for (const customerId of parties) await this.#read(customerId);
    expect(parties.map((customerId) => this.#profiles.get(customerId))).toEqual(merged?.before);
    return true;
  }

  async #read(customerId: CustomerId): Promise<void> {
    const record = await this.#run.tenant.profiles.findProfile({ by: "id", customerId }, "history");
    this.#profiles.set(customerId, canonical(record && withoutEchoes(record)));
    this.#versions.set(customerId, record?.customer.version ?? 0);
  }
}
