import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { openPGlite } from "../../src/storage/postgres/pglite-connection.ts";
import type { ChildProgram } from "../../src/testing/child-program.ts";
import { tamperSql } from "../contract/worm-storage-sql.ts";
import { runStrongroom, serve } from "./strongroom-process.ts";

let directory: string;
const programs: ChildProgram[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-register-"));
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** Runs the command to its end. */
async function strongroom(...argv: readonly string[]) {
  const program = await runStrongroom(argv, { directory });
  programs.push(program);
  const lines: string[] = [];
  for (let line = await program.lines.next(); !line.done; line = await program.lines.next()) lines.push(line.value);
  return { exitCode: await program.exit(), text: lines.join("\n"), errors: program.errors() };
}

describe("strongroom register on the vault of the configuration", () => {
  it("looks at it, proves what is in it and finds damage, when no server runs", async () => {
    const { program, url, generatedKey } = await serve({ directory });
    programs.push(program);
    const key = generatedKey ?? "";
    const call = async (path: string, body?: object): Promise<unknown> => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const options = body ? { method: "POST", body: JSON.stringify(body) } : {};
      return (await fetch(url + path, { ...options, headers })).json();
    };
    await call("/v1/customers", { externalId: "crm-1" });
    interface Events {
      readonly items: readonly { readonly id: string; readonly ledger: { readonly status: string } }[];
    }
    const newest = async () => ((await call("/v1/audit/events?eventType=customer_created&limit=1")) as Events).items[0];
    let event = await newest();
    while (event?.ledger.status !== "sealed") event = await newest();
    const eventId = event.id;

    const busy = await strongroom("register", "status");
    expect(busy.exitCode).toBe(13);
    expect(busy.errors).toContain("--url http://127.0.0.1:");
    const remote = await strongroom("register", "status", "--json", "--url", url, "--key", key);
    program.send("SIGTERM");
    expect(await program.exit()).toBe(0);

    const local = await strongroom("register", "status", "--json");
    type Status = { readonly registerId: string; readonly counts: object };
    const [there, here] = [JSON.parse(remote.text) as Status, JSON.parse(local.text) as Status];
    expect(here.counts).toEqual(there.counts);
    expect(local.errors).toBe("");
    const proof = await strongroom("register", "prove", eventId, "--disclose", "event", "--out", "receipt.json");
    expect(proof).toMatchObject({ exitCode: 0, errors: "" });
    const verified = await strongroom("verify", "receipt.json", "--register", here.registerId);
    expect(verified).toMatchObject({ exitCode: 0, text: expect.stringContaining('"customer_created"') });
    expect(await strongroom("register", "verify")).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("Healthy"),
    });

    await damage(here.registerId, 1n);
    const found = await strongroom("register", "verify");
    expect(found).toMatchObject({ exitCode: 8, errors: expect.stringContaining("register_damaged") });
    expect(found.text).toMatch(/Degraded[^]*Heights +Damage/);
    expect((await strongroom("register", "status")).text).toContain("Pending");
    expect((await strongroom("register", "recover")).exitCode).toBe(8);
  }, 120_000);

  it("makes no vault where there is none", async () => {
    const found = await strongroom("register", "status", "--json");
    expect(found.exitCode).toBe(13);
    expect(JSON.parse(found.errors)).toMatchObject({ error: { code: "database_not_migrated" } });
  });
});

async function damage(registerId: string, height: bigint): Promise<void> {
  const options = { dataDirectory: join(directory, "data", "database"), schema: "strongroom" };
  await using database = await openPGlite({ ...options, statementTimeoutMs: undefined });
  const [tenant] = await database.asOwner((owner) =>
    owner.query<{ id: string }>("select id::text from strongroom.tenants limit 1", []),
  );
  const place = { tenantId: tenant?.id as never, kind: DOCKETS.name, log: registerId };
  await tamperSql({ database, schema: "strongroom" })(place, (rows) =>
    rows.map((row) => (row.sequence === height ? { ...row, bytes: row.bytes.with(row.bytes.length - 1, 0) } : row)),
  );
}
