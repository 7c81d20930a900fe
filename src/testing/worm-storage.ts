import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import type { TenantId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { AppendOptions, WormDatabase, WormDescriptor, WormRecord, WormStore } from "../storage/worm-store.ts";
import { seededIds } from "./seeded-ids.ts";

/** One log of one tenant. */
export interface LogPlace {
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly log: string;
}

/** A record as the engine keeps it. */
export interface KeptRow {
  readonly sequence: bigint;
  /** `null` where the engine keeps something that is no instant. */
  readonly sealedAt: Instant | null;
  readonly previousHash: string | null;
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly indexed: JsonObject;
}

/** An engine of logs under test. */
export interface WormStorage extends AsyncDisposable {
  readonly database: WormDatabase;
  /** Removes all records between two tests, where a server looks at all of them whatever it is asked. */
  forget?(): Promise<void>;
  /** Other stores over the same logs, as another process has them. They are closed with the first. */
  another(): WormDatabase;
  /** Replaces what is stored of a log behind the back of all stores, whatever that takes. Rows are ascending. */
  tamper(place: LogPlace, change: (rows: readonly KeptRow[]) => readonly KeptRow[]): Promise<void>;
}

export type OpenWormStorage = () => Promise<WormStorage>;

/** A document that says itself what is indexed of it. */
export interface Entry {
  readonly text: string;
  readonly facts: JsonObject;
}

/** Decodes what it encoded and nothing else. */
export const ENTRY: WormDescriptor<Entry> = {
  name: "entry",
  encode: ({ text, facts }) => new TextEncoder().encode(JSON.stringify({ text, facts })),
  decode: (bytes) => {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const entry = JSON.parse(text) as Entry;
    if (JSON.stringify({ text: entry.text, facts: entry.facts }) !== text) throw new TypeError("Not an entry");
    return entry;
  },
  indexed: ({ facts }) => facts,
};

/** Another kind with the same documents. */
export const OTHER_KIND: WormDescriptor<Entry> = { ...ENTRY, name: "entry_2" };

export const NOW = "2026-03-03T09:30:00.000Z" as Instant;
export const AT: AppendOptions = { sealedAt: NOW };

export function entry(index: number, facts: JsonObject = { n: index }): Entry {
  return { text: `entry ${index}`, facts };
}

export function entries(count: number, first = 0): Entry[] {
  return Array.from({ length: count }, (_, index) => entry(first + index));
}

export interface WormSuite {
  readonly storage: WormStorage;
  /** An empty log among neighbours, which must be untouched when the test ends. */
  newLog(): Promise<LogUnderTest>;
}

export interface LogUnderTest {
  readonly place: LogPlace;
  readonly store: WormStore<Entry>;
}

interface Neighbour {
  readonly store: WormStore<Entry>;
  readonly records: readonly WormRecord<Entry>[];
}

/** Opens one engine for a suite, and looks after the logs beside those under test. */
export function wormSuite(open: OpenWormStorage): WormSuite {
  const ids = seededIds(20_260_303);
  let storage: WormStorage;
  let neighbours: Neighbour[] = [];

  beforeAll(async () => {
    storage = await open();
    await storage.database.prepare([ENTRY, OTHER_KIND]);
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    const met = neighbours;
    neighbours = [];
    for (const { store, records } of met) {
      expect(await store.getRange()).toEqual(records);
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true, checked: BigInt(records.length) });
    }
    await storage.forget?.();
  });

  return {
    get storage() {
      return storage;
    },
    async newLog() {
      const { database } = storage;
      const place = { tenantId: ids.uuid<TenantId>(), kind: ENTRY.name, log: "main" };
      neighbours.push(
        await neighbourOf(database.log(ENTRY, place.tenantId, "main-2"), 1),
        await neighbourOf(database.log(OTHER_KIND, place.tenantId, place.log), 2),
        await neighbourOf(database.log(ENTRY, ids.uuid<TenantId>(), place.log), 3),
      );
      return { place, store: database.log(ENTRY, place.tenantId, place.log) };
    },
  };
}

async function neighbourOf(store: WormStore<Entry>, index: number): Promise<Neighbour> {
  const records = [
    await store.append({ text: "neighbour", facts: { n: index } }, AT),
    await store.append({ text: "neighbour", facts: { n: index } }, { sealedAt: addMs(NOW, index) }),
  ];
  return { store, records };
}

/** Appends one by one, because not every engine takes batches; each is sealed a second after the one before. */
export async function fill(store: WormStore<Entry>, documents: readonly Entry[]): Promise<WormRecord<Entry>[]> {
  const records: WormRecord<Entry>[] = [];
  for (const document of documents) {
    records.push(await store.append(document, { sealedAt: addMs(NOW, records.length * 1_000) }));
  }
  return records;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
