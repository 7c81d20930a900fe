import type { Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import {
  IDEMPOTENCY_SWEPT_PER_CLAIM,
  type IdempotencyRecord,
  type IdempotencyStore,
  type IdempotentRequest,
} from "./idempotency-store.ts";

interface Row extends IdempotencyRecord {
  readonly keyHash: string;
  readonly expiresAt: Instant;
}

export class InMemoryIdempotencyStore implements IdempotencyStore {
  readonly #session: InMemorySession;

  constructor(session: InMemorySession) {
    this.#session = session;
  }

  begin({ keyHash, fingerprint, now, expiresAt }: IdempotentRequest): Promise<IdempotencyRecord | undefined> {
    return this.#session.run((tables) => {
      sweep(tables, { now, limit: IDEMPOTENCY_SWEPT_PER_CLAIM, except: keyHash });
      const earlier = rows(tables).get(keyHash);
      if (earlier && earlier.expiresAt > now) return { fingerprint: earlier.fingerprint, response: earlier.response };
      rows(tables).put(keyHash, { keyHash, fingerprint, response: null, expiresAt });
      return undefined;
    });
  }

  complete(keyHash: string, response: string): Promise<void> {
    return this.#session.run((tables) => {
      const row = rows(tables).get(keyHash);
      invariant(row, "an idempotency key is claimed before it is completed");
      rows(tables).put(keyHash, { ...row, response });
    });
  }

  deleteExpired(now: Instant, limit: number): Promise<number> {
    return this.#session.run((tables) => sweep(tables, { now, limit }));
  }
}

function sweep(
  tables: InMemoryTables,
  { now, limit, except }: { readonly now: Instant; readonly limit: number; readonly except?: string },
): number {
  const expired = rows(tables).filter((row) => row.expiresAt <= now && row.keyHash !== except);
  for (const row of expired.slice(0, limit)) rows(tables).delete(row.keyHash);
  return Math.min(expired.length, limit);
}

function rows(tables: InMemoryTables) {
  return tables.table<Row>("idempotency_keys");
}
