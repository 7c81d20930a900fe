import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../json.ts";
import { emptyLedger, eventDraft, withDocket } from "../../testing/ledger-chain.ts";
import { disclosedEvent, receiptOf, trustOf, verdictOf } from "../../testing/ledger-receipts.ts";
import type { Receipt } from "./receipt.ts";

const failedAt = (step: string) => ({ isValid: false, step });
const read = (text: string) => JSON.parse(text) as Receipt;

describe("a receipt that discloses", () => {
  const { draft, disclosure } = disclosedEvent("disclosed", { amount: 1250.5, tags: ["a", null] });
  const chain = withDocket(withDocket(emptyLedger("disclosing"), []), [eventDraft("a"), draft]);
  const at = [1, 1] as const;
  const { value, ...eventOnly } = disclosure;

  it("proves the event, and the value if that is disclosed", () => {
    expect(verdictOf(receiptOf(chain, { at, disclosure }), trustOf(chain).byId)).toMatchObject({
      isValid: true,
      disclosed: { event: disclosure.event, value: value.value },
    });
    expect(verdictOf(receiptOf(chain, { at, disclosure: eventOnly }), trustOf(chain).byId)).toHaveProperty(
      "disclosed",
      {
        event: disclosure.event,
      },
    );
    expect(verdictOf(receiptOf(chain, { at }), trustOf(chain).byId)).not.toHaveProperty("disclosed");
  });

  it("proves a value that is null or false", () => {
    for (const nothing of [null, false, 0, ""]) {
      const made = disclosedEvent("nothing", nothing);
      const grown = withDocket(emptyLedger("nothing"), [made.draft]);
      expect(
        verdictOf(receiptOf(grown, { at: [0, 1], disclosure: made.disclosure }), trustOf(grown).byId),
      ).toHaveProperty("disclosed.value", nothing);
    }
  });

  it("is refused with another event, value or secret, or of a transaction without commitments", () => {
    const other = disclosedEvent("other", 1).disclosure;
    const wrong: readonly JsonObject[] = [
      { ...disclosure, event: { ...disclosure.event, requestId: "1" } },
      { ...disclosure, event: other.event },
      { ...disclosure, secret: other.secret },
      { ...disclosure, value: other.value },
      { ...disclosure, value: { ...value, secret: other.value.secret } },
      { ...disclosure, value: { ...value, value: { amount: 1250.5, tags: ["a"] } } },
    ] as never;
    const receipt = read(receiptOf(chain, { at, disclosure }));
    for (const disclosed of wrong) {
      expect(verdictOf({ ...receipt, disclosure: disclosed }, trustOf(chain).byId)).toMatchObject(
        failedAt("disclosure"),
      );
    }
    for (const elsewhere of [
      [0, 0],
      [1, 0],
    ] as const) {
      expect(verdictOf(receiptOf(chain, { at: elsewhere, disclosure }), trustOf(chain).byId)).toMatchObject(
        failedAt("disclosure"),
      );
    }
  });

  it.each<[string, JsonObject]>([
    ["id", { id: "01890a5d-ac96-774b-bcce-000000000009" }],
    ["type", { eventType: "field_deleted" }],
    ["time", { timestamp: "2026-03-03T09:00:00.001Z" }],
    ["time in another form", { timestamp: "2026-03-03T09:00:00Z" }],
    ["time that is none", { timestamp: null }],
    ["actor", { actor: { type: "agent", id: null, role: null } }],
    ["actor with an id", { actor: { type: "system", id: "a", role: null } }],
    ["actor with more", { actor: { type: "system", name: "a" } }],
    ["actor that is none", { actor: ["system"] }],
    ["actor that is null", { actor: null }],
  ])("is refused when the event that was committed to has another %s than its transaction", (_, members) => {
    const told = disclosedEvent("told otherwise", 1, members);
    const grown = withDocket(emptyLedger("told otherwise"), [told.draft]);
    const text = receiptOf(grown, { at: [0, 1], disclosure: told.disclosure });
    expect(verdictOf(text, trustOf(grown).byId)).toMatchObject(failedAt("disclosure"));
  });

  it("is refused with the value of no item", () => {
    const made = disclosedEvent("itemless", 1, { subjectId: null });
    const grown = withDocket(emptyLedger("itemless"), [made.draft]);
    const { value: _, ...withoutValue } = made.disclosure;
    const verdict = (disclosed: typeof withoutValue) =>
      verdictOf(receiptOf(grown, { at: [0, 1], disclosure: disclosed }), trustOf(grown).byId);
    expect(verdict(withoutValue)).toMatchObject({ isValid: true });
    expect(verdict(made.disclosure)).toMatchObject(failedAt("disclosure"));
  });
});
