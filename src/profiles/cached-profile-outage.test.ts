import { beforeEach, describe, expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import { type CachedProfiles, lookupsOf, openCachedProfiles } from "../testing/cached-profiles.ts";
import { newIdentity } from "../testing/profile-records.ts";
import { addField, createCustomer } from "../testing/profile-writes.ts";

const DOWN = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
const SLOW = { kind: "fail", when: "after", code: "storage_timeout" } as const;

describe("profiles behind a cache that fails", () => {
  let world: CachedProfiles;
  let customerId: CustomerId;

  const open = async (fallbackOnError: boolean) => {
    world = await openCachedProfiles({ fallbackOnError });
    ({ customerId } = await createCustomer(world.tenant, { externalId: "crm-1" }, newIdentity("+1")));
  };
  const find = async () => {
    const { profiles } = world.tenant;
    return Promise.all(lookupsOf(customerId).map((lookup) => profiles.findProfile(lookup, "active")));
  };

  describe("and reads that fall back", () => {
    beforeEach(() => open(true));

    it.each([DOWN, SLOW])("US4-3: come from the database, and writes go on ($code)", async (fault) => {
      const before = await find();
      world.faults.inject({ fault });
      expect(await find()).toEqual(before);
      await addField(world.tenant, customerId);
      for (const profile of await find()) expect(profile?.fields).toHaveLength(1);
      const { code } = fault;
      expect(new Set(world.seen.failures)).toEqual(new Set([`get ${code}`, `invalidate ${code}`]));
    });

    it("are not kept when keeping fails", async () => {
      world.faults.inject({ fault: DOWN, methods: ["set"] });
      await find();
      expect((await world.readsOf(find)).calls.length).toBeGreaterThan(2);
      expect(new Set(world.seen.failures)).toEqual(new Set(["set storage_unavailable"]));
    });

    it("are loaded once for all who ask at once, also then", async () => {
      world.faults.inject({ fault: DOWN });
      const lookup = { by: "id", customerId } as const;
      const { calls } = await world.readsOf(() =>
        Promise.all(Array.from({ length: 100 }, () => world.tenant.profiles.findProfile(lookup, "active"))),
      );
      expect(calls).toHaveLength(1);
    });
  });

  describe("and reads that do not fall back", () => {
    beforeEach(() => open(false));

    it.each(["get", "set"])("fail with it (%s)", async (method) => {
      world.faults.inject({ fault: DOWN, methods: [method] });
      await expect(find()).rejects.toMatchObject({ code: "storage_unavailable" });
      world.faults.heal();
      expect(await find()).toHaveLength(3);
    });

    it("fail after a write that was done, when nobody knows what is old", async () => {
      await find();
      world.faults.inject({ fault: DOWN, methods: ["removeMany"] });
      await expect(addField(world.tenant, customerId)).rejects.toMatchObject({ code: "storage_unavailable" });
      const history = await world.direct.profiles.findProfile({ by: "id", customerId }, "history");
      expect(history?.fields).toHaveLength(1);
    });

    it("fail with the failure of the database when both do", async () => {
      world.faults.inject({ fault: DOWN, methods: ["removeMany"] });
      world.database.inject({ fault: SLOW, methods: ["apply"] });
      await expect(addField(world.tenant, customerId)).rejects.toMatchObject({ code: "storage_timeout" });
    });
  });

  it("fail or not, counts what it finds by what is looked for", async () => {
    await open(true);
    const { hits, misses } = world.seen;
    await find();
    const start = hits.length;
    await find();
    expect(hits.slice(start).sort()).toEqual(["external_id", "identity", "profile", "profile", "profile"]);
    expect(new Set(misses)).toEqual(new Set(["external_id", "identity", "profile"]));
    expect(world.seen.failures).toEqual([]);
  });
});
