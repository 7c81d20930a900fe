import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RegisterPair, registerPair, type VaultProcess } from "./register-pair.ts";

/** Longer than a copy waits at most, 60 s, when its source was away for long, as on a machine where starting it takes long. */
const PATIENCE = { timeout: 75_000 };

let directory: string;
let pair: RegisterPair;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-recovery-"));
  pair = await registerPair(directory);
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const stateOf = async (vault: VaultProcess) => (await vault.status()).state.state;

/** What both have, once nothing is left to be sealed or copied. */
async function copied(): Promise<readonly string[]> {
  const { a, b } = pair;
  let hashes: readonly string[] = [];
  await expect
    .poll(async () => {
      if (!(await a.isSealed()) || (await a.sealed()) !== (await b.sealed())) return "not sealed, or not copied";
      hashes = await a.hashes();
      return await b.hashes();
    }, PATIENCE)
    .toEqual(expect.toSatisfy((copy: unknown) => Array.isArray(copy) && String(copy) === String(hashes)));
  return hashes;
}

/** What a register tells of its own damage and recovery is sealed, too. */
async function expectGrown(vault: VaultProcess, hashes: readonly string[]): Promise<void> {
  expect((await vault.hashes()).slice(0, hashes.length)).toEqual(hashes);
}

/** One bit of the dockets at these heights. */
const FLIP = `update worm_records set document = set_byte(document, length(document) - 9, get_byte(document, length(document) - 9) # 1)
  where kind = 'docket' and sequence = any($1::bigint[])`;
const CUT = "delete from worm_records where kind = 'docket' and sequence >= $1";

describe("a vault and the copy of its register", { timeout: 300_000 }, () => {
  it("have the same dockets, and the copy says how far it is", async () => {
    const { a, b } = pair;
    await a.start();
    for (let docket = 0; docket < 5; docket++) await a.write();
    await b.start();
    await copied();
    const [original, copy] = [await a.status(), await b.status()];
    expect(copy).toMatchObject({
      registerId: original.registerId,
      kind: "replica",
      charter: original.charter,
      state: { state: "Healthy" },
      replica: { behind: "0", problem: null, isFollowing: true },
    });
    expect(copy.checkpoint?.note).toBe(original.checkpoint?.note);
    expect(original).toMatchObject({ kind: "own", replica: null });
  });

  it("recover the original from the copy when its dockets were altered", async () => {
    const { a } = pair;
    const hashes = await copied();
    await a.stop();
    await a.damage((owner) => owner.query(FLIP, [["0", "2", "3"]]));
    await a.start(true);
    await expect.poll(() => stateOf(a), PATIENCE).toBe("Healthy");
    await expectGrown(a, hashes);
    await expect.poll(() => a.errors, PATIENCE).toContain("register_corruption_found");
    await expect.poll(() => a.errors, PATIENCE).toContain("register_range_recovered");
    await a.write();
    await copied();
  });

  it("find damage when it is read, and recover from it", async () => {
    const { a } = pair;
    const [, hash] = await copied();
    await a.stop();
    await a.damage((owner) => owner.query(FLIP, [["1"]]));
    await a.start();
    const answer = await a.api.send("/v1/register/dockets/1");
    expect([200, 404]).toContain(answer.status);
    await expect.poll(() => a.api.send("/v1/register/dockets/1").then(({ status }) => status), PATIENCE).toBe(200);
    expect(await a.api.json("/v1/register/dockets/1")).toMatchObject({ hash });
    // It is served before the book of ranges is written, and the state follows from that.
    await expect.poll(() => stateOf(a), PATIENCE).toBe("Healthy");
    await expect.poll(() => a.errors, PATIENCE).toContain("register_range_recovered");
  });

  it("recover the original from the copy when its end was cut off", async () => {
    const { a } = pair;
    const hashes = await copied();
    await a.stop();
    await a.damage((owner) => owner.query(CUT, [String(hashes.length - 2)]));
    await a.start();
    await expect.poll(() => stateOf(a), PATIENCE).toBe("Healthy");
    await expectGrown(a, hashes);
    await expect.poll(() => a.errors, PATIENCE).toContain("register_rollback_detected");
    await a.write();
    await copied();
  });

  it("recover the copy from the original, also after it was killed", async () => {
    const { a, b } = pair;
    await copied();
    await b.stop("SIGKILL");
    await b.damage((owner) => owner.query(FLIP, [["0", "4"]]));
    await a.write();
    await b.start(true);
    await expect.poll(() => stateOf(b), PATIENCE).toBe("Healthy");
    await copied();
    await expect.poll(() => b.errors, PATIENCE).toContain("register_range_recovered");
  });

  it("go on when the original was away", async () => {
    const { a, b } = pair;
    await a.stop();
    await expect.poll(async () => (await b.status()).replica?.problem ?? "", PATIENCE).not.toBe("");
    expect(await stateOf(b)).toBe("Healthy");
    await a.start();
    await a.write();
    await copied();
  });

  it("say what is wrong when nobody has what is damaged", async () => {
    const { a, b } = pair;
    await copied();
    await b.stop();
    await a.stop();
    await a.damage((owner) => owner.query(FLIP, [["4"]]));
    await a.start(true);
    const answer = await a.api.send("/v1/register/recover", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(200);
    await expect.poll(() => stateOf(a), PATIENCE).toBe("Degraded");
    const { state, corruptedRanges } = await a.status();
    expect(state.message).toContain("No peer could restore docket 4");
    expect(corruptedRanges).toMatchObject([{ startHeight: "4", endHeight: "4" }]);
    await expect.poll(async () => (await a.sealed()) - (await a.hashes()).length, PATIENCE).toBe(1);
  });
});
