import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FieldWriteAnswer } from "../../src/profiles/field-service.ts";
import type { Profile } from "../../src/profiles/profile-view.ts";
import { type HttpAnswer, HttpApi, jsonOf } from "./http-api.ts";
import { runStrongroom, type ServingProcess, serve } from "./strongroom-process.ts";

const KEY = "operators-own-key";
const AGENT = "0a1b2c3d-0000-4000-8000-000000000001";
const TIMEOUT_MS = 120_000;

let directory: string;
const environment = { STRONGROOM_API_KEY: KEY };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-data-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const dataFile = (...names: string[]) => join(directory, "data", ...names);
const start = () => serve({ directory, environment });

async function stop({ program }: ServingProcess): Promise<void> {
  program.send("SIGTERM");
  expect(await program.exit()).toBe(0);
}

interface FailedStart {
  readonly exitCode: number | string;
  readonly output: string;
  readonly error: Readonly<Record<string, unknown>>;
}

/** A start that is expected to end by itself. */
async function failToStart(): Promise<FailedStart> {
  await using program = await runStrongroom(["serve", "--json"], { directory, environment });
  const first = await program.lines.next();
  const exitCode = await program.exit();
  const { error } = JSON.parse(program.errors().trim().split("\n").at(-1) ?? "{}") as Pick<FailedStart, "error">;
  return { exitCode, error, output: first.done ? "" : first.value };
}

function post(api: HttpApi, path: string, body: object): Promise<HttpAnswer> {
  const headers = { "content-type": "application/json" };
  return api.send(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** A customer with a plain value and an encrypted one. */
async function writeProfile(api: HttpApi): Promise<string> {
  const definition = { valueType: "string", encryptionRequired: true };
  jsonOf(await api.put(`/v1/agents/${AGENT}/field-definitions/document_number`, definition), 201);
  const { customerId } = jsonOf<Profile>(await post(api, "/v1/customers", { externalId: "kept" }), 201);
  const fields = [
    { name: "occupation", value: "baker", source: "user_provided" },
    { name: "document_number", value: "X1234567", source: "user_provided" },
  ];
  const written = jsonOf<FieldWriteAnswer>(
    await post(api, `/v1/customers/${customerId}/fields`, { agentId: AGENT, fields }),
    200,
  );
  expect(written.results.map(({ field }) => field?.encrypted)).toEqual([false, true]);
  return customerId;
}

async function expectProfile(api: HttpApi, customerId: string): Promise<void> {
  const { externalId, fields } = await api.json<Profile>(`/v1/customers/${customerId}`);
  expect(externalId).toBe("kept");
  expect([fields["occupation"]?.value, fields["document_number"]?.value]).toEqual(["baker", "X1234567"]);
}

describe("a data directory", { timeout: TIMEOUT_MS }, () => {
  it("serves its first process on while others are refused, and opens again after a clean stop", async () => {
    let customerId: string;
    {
      await using first = await start();
      const api = new HttpApi(first.url, KEY);
      customerId = await writeProfile(api);
      const refusals = await Promise.all([failToStart(), failToStart()]);
      for (const { exitCode, output, error } of refusals) {
        expect(exitCode).toBe(13);
        expect(output).toBe("");
        expect(error).toMatchObject({ code: "data_directory_in_use", details: { pid: first.program.pid } });
        expect(error["hint"]).toContain(`Stop process ${first.program.pid}`);
      }
      await expectProfile(api, customerId);
      jsonOf(await post(api, "/v1/customers", { externalId: "after the refusals" }), 201);
      await stop(first);
      await expect(stat(dataFile("strongroom.lock"))).rejects.toMatchObject({ code: "ENOENT" });
    }
    await using second = await start();
    const api = new HttpApi(second.url, KEY);
    await expectProfile(api, customerId);
    jsonOf(await post(api, "/v1/customers", { externalId: "after the refusals" }), 200);
    await stop(second);
  });

  it("is not opened without the master key its values are encrypted with, and gets no new one", async () => {
    let customerId: string;
    {
      await using first = await start();
      customerId = await writeProfile(new HttpApi(first.url, KEY));
      await stop(first);
    }
    const key = await readFile(dataFile("master.key"), "utf8");
    expect((await stat(dataFile("master.key"))).mode & 0o777).toBe(0o600);
    await rename(dataFile("master.key"), dataFile("elsewhere"));
    const { exitCode, output, error } = await failToStart();
    expect([exitCode, output, error["code"]]).toEqual([8, "", "master_key_missing"]);
    await expect(stat(dataFile("master.key"))).rejects.toMatchObject({ code: "ENOENT" });

    await rename(dataFile("elsewhere"), dataFile("master.key"));
    await using restored = await start();
    expect(await readFile(dataFile("master.key"), "utf8")).toBe(key);
    await expectProfile(new HttpApi(restored.url, KEY), customerId);
    await stop(restored);
  });
});
