import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { IN_MEMORY_LOGS, type InMemoryLogRows } from "../../src/storage/in-memory/in-memory-log-rows.ts";
import { InMemoryWormDatabase } from "../../src/storage/in-memory/in-memory-worm-store.ts";
import type { KeptRow, WormStorage } from "../../src/testing/worm-storage.ts";

export async function openInMemoryWormStorage(): Promise<WormStorage> {
  const database = new InMemoryDatabase();
  const worm = new InMemoryWormDatabase(database);
  return {
    database: worm,
    another: () => new InMemoryWormDatabase(database),
    tamper: tamperInMemory(database),
    async [Symbol.asyncDispose]() {
      await worm[Symbol.asyncDispose]();
      database.close();
    },
  };
}

export function tamperInMemory(database: InMemoryDatabase): WormStorage["tamper"] {
  return ({ tenantId, kind, log }, change) =>
    database.forTenant(tenantId).run((tables) => {
      const rows = tables.table<InMemoryLogRows>(IN_MEMORY_LOGS).get(`${kind}/${log}`);
      rows?.change((kept) => kept.splice(0, kept.length, ...change([...kept] as KeptRow[])));
    });
}
