import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { VaultError } from "../../src/errors.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../../src/register/ledger-log/docket-repair.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { InMemoryWormDatabase } from "../../src/storage/in-memory/in-memory-worm-store.ts";
import type { WormDatabase } from "../../src/storage/worm-store.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { withMember } from "../../src/testing/with-member.ts";
import type { TenantVault } from "../../src/vault/tenant-vault.ts";
import type { Vault } from "../../src/vault.ts";
import { type RegisterStorage, registerEngines, vaultOver } from "./register-engines.ts";

/** More than any run of sealing tries, and few enough to be met at once. */
const APPENDS_MAX = 100;

/** A cold tier whose place another one takes, as a standby does that was not yet as far. */
class ColdTiers {
  readonly #primary: WormDatabase;
  readonly #standby = new InMemoryWormDatabase(new InMemoryDatabase());
  isStandby = false;
  /** Is called before each append, which fails if this does. */
  onAppend: () => void = () => undefined;
  appends = 0;

  constructor(primary: WormDatabase) {
    this.#primary = primary;
  }

  async prepare(): Promise<void> {
    await this.#standby.prepare([DOCKETS, DOCKET_REPAIRS]);
  }

  /** What both have, as far as the standby has come. */
  async copy(tenantId: string, registerId: string, count: number): Promise<void> {
    const place = [DOCKETS, tenantId as never, registerId] as const;
    const records = await this.#primary.log(...place).getRange({ to: BigInt(count - 1) });
    for (const { document, sequence, sealedAt } of records) {
      await this.#standby.log(...place).append(document, { expectedSequence: sequence, sealedAt });
    }
  }

  /** As a vault sees it. */
  get database(): WormDatabase {
    return withMember(this.#primary, "log", (...place: Parameters<WormDatabase["log"]>) => this.#log(place));
  }

  #log(place: Parameters<WormDatabase["log"]>): object {
    return new Proxy(this.#primary.log(...place), {
      get: (_, name) => {
        const call = (...values: unknown[]) => {
          if (name === "append") this.#beforeAppend();
          const store = (this.isStandby ? this.#standby : this.#primary).log(...place);
          return (Reflect.get(store, name) as (...inputs: unknown[]) => unknown).apply(store, values);
        };
        return name === "append" ? async (...values: unknown[]) => call(...values) : call;
      },
    });
  }

  #beforeAppend(): void {
    if (++this.appends > APPENDS_MAX) throw new Error("The sealing finds no end.");
    this.onAppend();
  }
}

describe.each(registerEngines())("sealing when dockets are lost on $name", (engine) => {
  let storage: RegisterStorage;
  let tiers: ColdTiers;
  let vault: Vault;
  let tenant: TenantVault;

  beforeAll(async () => {
    storage = await engine.open();
  });
  beforeEach(async () => {
    tiers = new ColdTiers(storage.cold);
    await tiers.prepare();
    vault = await vaultOver({ ...storage, cold: tiers.database }, { clock: new ManualClock() });
    const { tenant: created } = await vault.tenants().create({ slug: `t-${crypto.randomUUID()}`, name: "Tenant" });
    tenant = vault.tenant(created.id);
    for (let n = 0; n < 5; n++) {
      await tenant.customers.getOrCreate({ externalId: `${n}` });
      await tenant.register.sealJournal();
    }
    const { operational } = await tenant.register.status();
    await tiers.copy(created.id, operational.registerId, 3);
    await tenant.customers.getOrCreate({ externalId: "waits" });
    tiers.appends = 0;
  });
  afterEach(() => vault[Symbol.asyncDispose]());
  afterAll(() => storage[Symbol.asyncDispose]());

  const pending = async () => {
    const { items } = await tenant.audit.list({ eventType: "customer_created" }, { limit: 1 });
    const [seal] = (await tenant.seals.ofEvents(items.map(({ id }) => id))).values();
    return seal?.status;
  };

  it("ends, and goes on when they are back", async () => {
    tiers.isStandby = true;
    expect(await tenant.register.sealJournal()).toBe("not_extendable");
    expect(await tenant.register.sealJournal()).toBe("not_extendable");
    expect(tiers.appends).toBe(0);
    expect((await tenant.register.status()).operational.state).toBe("Degraded");
    expect(await pending()).toBe("pending");
    tiers.isStandby = false;
    expect(await tenant.register.sealJournal()).toBe("done");
    expect((await tenant.register.status()).operational.state).toBe("Healthy");
    expect(await pending()).toBe("sealed");
    expect(await tenant.register.verify()).toMatchObject({ hasCorruption: false, isFullyVerified: true });
  });

  it("ends when that shows only as a docket is appended", async () => {
    tiers.onAppend = () => {
      tiers.isStandby = true;
    };
    expect(await tenant.register.sealJournal()).toBe("not_extendable");
    expect(tiers.appends).toBe(1);
  });

  it("ends when the place of the next docket is taken time after time, and nobody sees by what", async () => {
    tiers.onAppend = () => {
      throw new VaultError("immutable_record", "Another record is there.");
    };
    expect(await tenant.register.sealJournal()).toBe("overtaken");
    expect(tiers.appends).toBe(3);
    tiers.onAppend = () => undefined;
    expect(await tenant.register.sealJournal()).toBe("done");
  });
});
