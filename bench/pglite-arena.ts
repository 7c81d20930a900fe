import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CustomerId } from "../src/identifiers.ts";
import type { Arena, ArenaSize, SmallVault } from "./arena.ts";
import { type ByHandConnection, connectToPGlite } from "./by-hand/by-hand-connection.ts";
import { multiplyCustomers } from "./multiply.ts";
import { openSubject } from "./subject.ts";
import { makeWorld } from "./world.ts";

const SCHEMA = "strongroom";

/**
 * The vault on one data directory, by hand on a copy of it: the same bytes, each in a thread of its own, one of which
 * waits while the other works.
 */
export async function openPGliteArena(size: ArenaSize): Promise<Arena> {
  const root = await mkdtemp(join(tmpdir(), "strongroom-bench-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(root, { recursive: true, force: true }));
  try {
    return await fill(root, size, stack);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function fill(root: string, size: ArenaSize, stack: AsyncDisposableStack): Promise<Arena> {
  const folders = { vault: join(root, "vault"), byHand: join(root, "by-hand"), small: join(root, "small") };
  const seeded = await openSubject({ dataDirectory: folders.vault });
  const { tenantId } = seeded;
  const originals = await makeWorld(seeded.services, { customers: size.originals, chains: size.chains });
  await seeded[Symbol.asyncDispose]();

  const multiply = (twins: number): Promise<readonly CustomerId[]> =>
    withConnection(folders.vault, (connection) => multiplyCustomers(connection.client, tenantId, twins));
  const smallIds = await multiply(size.twinsInSmall);
  await cp(folders.vault, folders.small, { recursive: true });
  const perSmall = size.twinsInSmall + 1;
  const customerIds = await multiply((size.twins + 1) / perSmall - 1);
  await cp(folders.vault, folders.byHand, { recursive: true });

  const subject = stack.use(await openSubject({ dataDirectory: folders.vault }));
  const byHand = stack.use(await connectToPGlite(databaseIn(folders.byHand), SCHEMA));
  const { rows } = await byHand.client.query("select current_setting('server_version') as version");
  return {
    engine: "pglite",
    engineVersion: `PGlite, PostgreSQL ${String((rows[0] as { version: string }).version)}`,
    subject,
    world: { ...originals, customerIds },
    byHand,
    byHandIsolated: byHand,
    openSmall: () => openSmall(folders.small, smallIds),
    openEmpty: (name) => openSubject({ dataDirectory: join(root, name) }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function openSmall(dataDirectory: string, customerIds: readonly CustomerId[]): Promise<SmallVault> {
  const subject = await openSubject({ dataDirectory });
  return { subject, customerIds, [Symbol.asyncDispose]: () => subject[Symbol.asyncDispose]() };
}

async function withConnection<T>(
  dataDirectory: string,
  work: (connection: ByHandConnection) => Promise<T>,
): Promise<T> {
  await using connection = await connectToPGlite(databaseIn(dataDirectory), SCHEMA);
  return await work(connection);
}

function databaseIn(dataDirectory: string): string {
  return join(dataDirectory, "database");
}
