import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldView } from "../../src/profiles/profile-view.ts";
import type { Caller } from "./caller.ts";
import { defineFields } from "./define-fields.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

const ACCOUNT = "ES9121000418450200051332";
const LEGAL_NAME = "Marta Castellanos Vidal";

describe.each(integrationEngines())("personal data on $name", (engine) => {
  let world: World;
  let admin: Caller;
  let agent: Caller;
  let auditor: Caller;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ admin, agent, auditor } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function customerWith(values: Record<string, unknown>, definitions: Record<string, object>) {
    const agentId = uuid();
    await defineFields(admin, agentId, definitions);
    const customer = await newCustomer(world.a);
    const fields = Object.entries(values).map(([name, value]) => ({ name, value }));
    const written = await customer.write(fields, { agentId });
    return { agentId, customer, written };
  }

  /** Every answer in which the auditor may see fields of the customer. */
  async function seenByAuditor({ url }: TestCustomer, name: string): Promise<string> {
    const urls = [
      url,
      `${url}?history=true`,
      `${url}?knownAt=${world.clock.now()}`,
      `${url}/fields/${name}`,
      `${url}/fields/${name}/history`,
      "/v1/customers?limit=100",
      "/v1/audit/events?limit=100",
    ];
    const replies = await Promise.all(urls.map((each) => auditor.get(each)));
    for (const reply of replies) reply.expect(200);
    return replies.map(({ text }) => text).join("\n");
  }

  it("that has to be encrypted is stored encrypted and read in clear", async () => {
    const { customer, written } = await customerWith(
      { account: ACCOUNT },
      { account: { valueType: "string", encryptionRequired: true } },
    );
    expect(written[0]).toMatchObject({ value: ACCOUNT, encrypted: true, masked: false, valueType: "string" });
    expect(await customer.field("account")).toEqual(written[0]);
    expect((await customer.profile()).fields["account"]?.value).toBe(ACCOUNT);
    expect((await customer.history("account")).map(({ value }) => value)).toEqual([ACCOUNT]);
    const stored = await world.dump(world.a.tenantId);
    expect(stored).toContain(customer.id);
    expect(stored).not.toContain(ACCOUNT);
    expect(JSON.stringify(world.log)).not.toContain(ACCOUNT);
  });

  it("keeps its type when it is encrypted, and survives verification", async () => {
    const values = { number: 42.5, flag: true, object: { iban: [ACCOUNT] }, text: "" };
    const encrypted = { encryptionRequired: true };
    const { customer } = await customerWith(values, {
      number: { valueType: "number", ...encrypted },
      flag: { valueType: "boolean", ...encrypted },
      object: { valueType: "json", ...encrypted },
      text: { valueType: "string", ...encrypted },
    });
    const { fields } = await customer.profile();
    expect(Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]))).toEqual(values);
    const verified = await agent.post<FieldView>(`${customer.url}/fields/object/verify`, { method: "otp", by: "ana" });
    expect(verified.expect(200)).toMatchObject({ value: values.object, encrypted: true, verified: true });
    expect((await customer.history("object")).map(({ value }) => value)).toEqual([values.object, values.object]);
    expect(await world.dump(world.a.tenantId)).not.toContain(ACCOUNT);
  });

  it("is masked for whoever may not read it, in every answer", async () => {
    const { customer } = await customerWith(
      { legal_name: LEGAL_NAME, account: ACCOUNT, plan: "premium" },
      {
        legal_name: { valueType: "string", isPii: true },
        account: { valueType: "string", encryptionRequired: true },
        plan: { valueType: "string" },
      },
    );
    await customer.writeOne({ name: "legal_name", value: `${LEGAL_NAME} II` });
    const { fields } = await customer.profile("", auditor);
    expect(fields["legal_name"]).toMatchObject({ value: null, masked: true, isPii: true, encrypted: false });
    expect(fields["account"]).toMatchObject({ value: null, masked: true, encrypted: true });
    expect(fields["plan"]).toMatchObject({ value: "premium", masked: false });
    const seen = await seenByAuditor(customer, "legal_name");
    expect(seen).toContain("premium");
    expect(seen).not.toContain("Castellanos");
    expect(seen).not.toContain(ACCOUNT);
    const card = await customer.upload();
    (await auditor.get(`${customer.url}/assets/${card.id}/content`)).expectProblem(403, "forbidden");
  });

  it("follows its definition: the flag of stored values changes with it", async () => {
    const { agentId, customer } = await customerWith({ tax_code: "X-1" }, { tax_code: { valueType: "string" } });
    await customer.writeOne({ name: "tax_code", value: "X-2" }, { agentId });
    const visible = async () => {
      const { fields, fieldHistory } = await customer.profile("?history=true", auditor);
      const values = [fields["tax_code"], ...(fieldHistory?.["tax_code"] ?? [])];
      return values.map((field) => field?.value);
    };
    expect(await visible()).toEqual(["X-2", "X-2", "X-1"]);
    await defineFields(admin, agentId, { tax_code: { valueType: "string", isPii: true } });
    expect(await visible()).toEqual([null, null, null]);
    expect(await customer.field("tax_code")).toMatchObject({ value: "X-2", isPii: true, masked: false });
    const found = await agent.get<{ items: unknown[] }>("/v1/customers?q=X-2");
    expect(found.expect(200).items).toEqual([]);

    // As long as any agent of the tenant calls it personal, it is.
    const otherAgent = uuid();
    await defineFields(admin, otherAgent, { tax_code: { valueType: "string", isPii: true } });
    await defineFields(admin, agentId, { tax_code: { valueType: "string" } });
    expect(await visible()).toEqual([null, null, null]);
    (await admin.delete(`/v1/agents/${otherAgent}/field-definitions/tax_code`)).expect(204);
    expect(await visible()).toEqual(["X-2", "X-2", "X-1"]);
  });

  it("is marked as such when it is written by whatever agent, or by none", async () => {
    await defineFields(admin, uuid(), { passport: { valueType: "string", isPii: true } });
    const customer = await newCustomer(world.a);
    expect(await customer.writeOne({ name: "passport", value: "P-1" })).toMatchObject({ isPii: true });
    expect(await customer.writeOne({ name: "passport", value: "P-2" }, { agentId: uuid() })).toMatchObject({
      isPii: true,
    });
  });

  it("is in no audit event, only a commitment that differs for equal values", async () => {
    const { customer } = await customerWith(
      { legal_name: LEGAL_NAME },
      { legal_name: { valueType: "string", isPii: true } },
    );
    await customer.writeOne({ name: "legal_name", value: LEGAL_NAME });
    const events = await customer.events("field_written");
    expect(JSON.stringify(events)).not.toContain("Castellanos");
    const commitments = events.map(({ eventData }) => eventData["valueCommitment"]);
    expect(commitments).toHaveLength(2);
    expect(new Set(commitments).size).toBe(2);
  });

  it("is not quoted by a problem or the log, whatever is wrong with it", async () => {
    const strict = { isPii: true, validationMode: "strict" };
    const agentId = uuid();
    await defineFields(admin, agentId, {
      born: { valueType: "date", ...strict },
      mail: { valueType: "email", validationRegex: ".*@example[.]com", ...strict },
    });
    const customer = await newCustomer(world.a);
    const secret = "Sekret-77";
    const fields = [
      { name: "born", value: secret },
      { name: "mail", value: `${secret}@other.org` },
    ];
    const reply = await customer.tryWrite(fields, { agentId });
    reply.expectProblem(422, "schema_validation_failed");
    expect(reply.text).not.toContain(secret);
    expect(JSON.stringify(world.log)).not.toContain(secret);
  });
});
