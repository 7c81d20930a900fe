import { expect } from "vitest";
import type { Asset } from "../../src/profiles/asset.ts";
import type { ProfileRecord } from "../../src/profiles/customer.ts";
import type { FieldVersion } from "../../src/profiles/field-version.ts";
import { type ItemStatus, isCurrentlyActive, isItemSource } from "../../src/profiles/item.ts";
import type { Command } from "./profile-commands.ts";
import { canonical } from "./profile-observation.ts";
import type { ProfileRun } from "./profile-run.ts";

type Item = FieldVersion | Asset;

/** What every state of a tenant must be like, and how one may follow another. */
export class Invariants {
  readonly #run: ProfileRun;
  #items = new Map<string, Item>();
  #versions = new Map<string, number>();

  constructor(run: ProfileRun) {
    this.#run = run;
  }

  /** After each command. */
  async check(command: Command): Promise<void> {
    const records = await this.#records();
    const items = new Map<string, Item>(
      records.flatMap(({ fields, assets }) => [...fields, ...assets]).map((item) => [item.id, item]),
    );
    for (const record of records) {
      assertOneActive(record);
      for (const item of [...record.fields, ...record.assets]) {
        expect(item.customerId).toBe(record.customer.customerId);
        this.#assertLinks(item, items);
      }
    }
    for (const [id, item] of items) {
      const before = this.#items.get(id);
      if (before) assertSuccession(before, item, takesBack(command));
    }
    if (!takesBack(command)) this.#assertVersions(records);
    this.#assertOrderOfLearning(items);
    this.#items = items;
    this.#versions = new Map(records.map(({ customer }) => [customer.customerId, customer.version]));
  }

  async #records(): Promise<ProfileRecord[]> {
    const { profiles } = this.#run.tenant;
    const { customers } = this.#run;
    const found = await Promise.all(
      customers.map((customerId) => profiles.findProfile({ by: "id", customerId }, "history")),
    );
    return found.filter((record) => record !== undefined);
  }

  #assertLinks(item: Item, items: ReadonlyMap<string, Item>): void {
    if (item.supersededById !== null) {
      const successor = items.get(item.supersededById);
      // The successor of a merge that was taken back may have left, but never to nowhere.
      expect(successor).toMatchObject({ name: item.name });
    }
    const lost = item.sources.filter(isItemSource).some(({ id }) => {
      const source = items.get(id);
      return source ? source.deletedAt !== null : !this.#isHidden(id);
    });
    // Items of deleted customers exist but cannot be read, so only what is known to be there or gone is told.
    if (lost) expect(item.isOrphaned).toBe(true);
  }

  /** True for an item that was seen before and is out of sight because its customer was deleted, or that was purged. */
  #isHidden(id: string): boolean {
    return this.#items.has(id) || this.#run.items.some((item) => item.id === id);
  }

  #assertVersions(records: readonly ProfileRecord[]): void {
    for (const { customer } of records) {
      expect(customer.version).toBeGreaterThanOrEqual(this.#versions.get(customer.customerId) ?? 1);
    }
  }

  /** What was made later was learnt later. */
  #assertOrderOfLearning(items: ReadonlyMap<string, Item>): void {
    let last = "";
    for (const { id } of this.#run.items) {
      const item = items.get(id);
      if (!item) continue;
      expect(item.recordedAt >= last).toBe(true);
      last = item.recordedAt;
    }
  }
}

function takesBack(command: Command): boolean {
  return command.kind === "undo" || (command.kind === "together" && command.commands.some(takesBack));
}

function assertOneActive({ fields }: ProfileRecord): void {
  const names = fields.filter(isCurrentlyActive).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
}

/** A version is immutable but for its lifecycle, its owner, and what follows from other items and definitions. */
function assertSuccession(before: Item, after: Item, takenBack: boolean): void {
  expect(canonical(unchanging(after))).toBe(canonical(unchanging(before)));
  if (before.deletedAt !== null) expect(after.deletedAt).toBe(before.deletedAt);
  if (takenBack || before.status === after.status) return;
  expect(LEGAL_MOVES[before.status]).toContain(after.status);
}

const LEGAL_MOVES: Readonly<Record<ItemStatus, readonly ItemStatus[]>> = {
  active: ["superseded", "expired", "orphaned"],
  expired: ["superseded"],
  orphaned: ["superseded"],
  superseded: [],
};

function unchanging(item: Item): object {
  const {
    status: _status,
    supersededById: _supersededById,
    supersededAt: _supersededAt,
    expiredAt: _expiredAt,
    orphanedAt: _orphanedAt,
    endedAt: _endedAt,
    deletedAt: _deletedAt,
    customerId: _customerId,
    isOrphaned: _isOrphaned,
    ...rest
  } = item;
  return { ...rest, isPii: null, analysisFieldIds: null };
}
