import { describe, expect, it } from "vitest";
import { deepFreeze } from "../storage/cache/cache-value.ts";
import { newCustomer, newField, readField } from "../testing/profile-records.ts";
import type { ProfileRecord } from "./customer.ts";
import { keptProfileView, profileView } from "./profile-view.ts";

const customer = newCustomer();
const { customerId } = customer;

function recordOf(...fields: Parameters<typeof newField>[1][]): ProfileRecord {
  const read = fields.map((over) => readField(newField(customerId, over)));
  return { customer, identities: [], consents: [], fields: read, assets: [] };
}

const frozen = (record: ProfileRecord) => deepFreeze(record as never) as ProfileRecord;

describe("keptProfileView", () => {
  it("is made once for all who may see the same, and says what a view of its own would", () => {
    const record = frozen(recordOf({ isPii: true }, { name: "town" }));
    for (const mayReadPii of [true, false]) {
      const view = keptProfileView(record, mayReadPii);
      expect(view).toEqual(profileView(record, { mayReadPii, opened: new Map() }, false));
      expect(keptProfileView(record, mayReadPii)).toBe(view);
      expect(view?.fields["city"]).toMatchObject({ masked: !mayReadPii, value: mayReadPii ? "Lyon" : null });
    }
  });

  it("cannot be changed", () => {
    const view = keptProfileView(frozen(recordOf({})), true) as { fields: Record<string, { value: unknown }> };
    expect(() => {
      (view.fields["city"] as { value: unknown }).value = "Paris";
    }).toThrow(TypeError);
    expect(() => {
      view.fields["town"] = { value: 1 };
    }).toThrow(TypeError);
  });

  it("is never made of an opened value, nor of a record that may change", () => {
    const sealed = { value: null, sealedValue: "c2VhbGVk", isPii: true };
    expect(keptProfileView(frozen(recordOf(sealed)), true)).toBeUndefined();
    expect(keptProfileView(frozen(recordOf(sealed)), false)?.fields["city"]).toMatchObject({
      masked: true,
      value: null,
    });
    expect(keptProfileView(recordOf({}), true)).toBeUndefined();
  });
});
