import { expect } from "vitest";
import type { Instant } from "../../src/clock.ts";
import { isVaultError } from "../../src/errors.ts";
import type { CustomerId } from "../../src/identifiers.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import { canonical } from "./profile-observation.ts";
import type { ProfileRun } from "./profile-run.ts";

interface Snapshot {
  readonly customerId: CustomerId;
  readonly at: Instant;
  readonly profile: Profile;
}

/**
 * Profiles as they were read at moments of a run, to be compared with what is known of those moments at its end.
 *
 * Not kept are: members of the header and flags of identities, which have no history; whether a source was gone and
 * a name personal, which is told as of today; what was purged; what two customers were while a merge of them stood
 * that was taken back later; and everything of a customer who was deleted.
 */
export class Past {
  readonly #run: ProfileRun;
  #snapshots: Snapshot[] = [];

  constructor(run: ProfileRun) {
    this.#run = run;
  }

  /** To be called when the clock is about to move on, so that nothing more happens at this moment. */
  async remember(): Promise<void> {
    const at = this.#run.clock.now();
    for (const customerId of this.#run.customers) {
      const profile = await readOrUndefined(this.#run.vault.customers.get(customerId));
      if (profile) this.#snapshots.push({ customerId, at, profile });
    }
  }

  async compare(): Promise<number> {
    const undone = await this.#undoneMerges();
    const known = await this.#knownItems();
    let compared = 0;
    for (const { customerId, at, profile } of this.#snapshots) {
      const isTakenBack = undone.some(
        (merge) => merge.parties.includes(customerId) && merge.mergedAt <= at && at <= merge.undoneAt,
      );
      if (isTakenBack || !(await this.#isAlive(customerId))) continue;
      const remembered = await this.#run.vault.customers.get(customerId, { knownAt: at });
      expect(canonical(remembrance(remembered, known))).toBe(canonical(remembrance(profile, known)));
      compared++;
    }
    return compared;
  }

  async #undoneMerges() {
    const merges = await Promise.all(this.#run.merges.map((mergeId) => this.#run.tenant.profiles.getMerge(mergeId)));
    return merges.flatMap((merge) =>
      merge && merge.undoneAt !== null
        ? [
            {
              parties: [merge.sourceCustomerId, merge.targetCustomerId],
              mergedAt: merge.mergedAt,
              undoneAt: merge.undoneAt,
            },
          ]
        : [],
    );
  }

  /** Those that were not purged. */
  async #knownItems(): Promise<ReadonlySet<string>> {
    const { profiles } = this.#run.tenant;
    const known = new Set<string>();
    for (const customerId of this.#run.customers) {
      const record = await profiles.findProfile({ by: "id", customerId }, "history");
      for (const { id } of [...(record?.fields ?? []), ...(record?.assets ?? [])]) known.add(id);
    }
    return known;
  }

  /** Neither the customer nor the last survivor of its merges was deleted. */
  async #isAlive(customerId: CustomerId): Promise<boolean> {
    let current: CustomerId | null = customerId;
    while (current !== null) {
      const record = await this.#run.tenant.profiles.findProfile({ by: "id", customerId: current }, "active");
      if (!record) return false;
      current = record.customer.mergedIntoId;
    }
    return true;
  }
}

async function readOrUndefined(read: Promise<Profile>): Promise<Profile | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isVaultError(error)) return undefined;
    throw error;
  }
}

function remembrance({ fields, assets, identities, consents }: Profile, known: ReadonlySet<string>): object {
  return {
    fields: Object.values(fields)
      .filter(({ id }) => known.has(id))
      .map(({ isOrphaned: _, isPii: __, masked: ___, ...field }) => field),
    assets: assets.filter(({ id }) => known.has(id)).map(({ isOrphaned: _, analysisFieldIds: __, ...asset }) => asset),
    identities: identities.map(({ channel, channelUserId }) => `${channel} ${channelUserId}`),
    consents,
  };
}
