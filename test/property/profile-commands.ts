import fc from "fast-check";
import type { JsonValue } from "../../src/json.ts";
import { VERIFICATION_LEVELS, type VerificationLevel } from "../../src/profiles/customer.ts";
import { ITEM_STATUSES, type StatusFilter } from "../../src/profiles/item.ts";

/*
 * What a run of the vault may consist of. Customers, fields, items and merges are named by their place among those the
 * run has made so far, so that a shorter run still means something. Names and keys are few, so that they collide.
 */

export interface SourceChoice {
  /** An item, another field of the same write, or something outside the vault. */
  readonly of: "item" | "fellow" | "external";
  readonly place: number;
  /** Names the item as the other kind. */
  readonly wrongKind: boolean;
}

export interface FieldChoice {
  readonly name: string;
  readonly value: JsonValue;
  readonly sources: readonly SourceChoice[];
  readonly confidence: number;
  readonly verified: boolean;
  readonly expiresInMs: number | undefined;
  readonly collectedAgoMs: number | undefined;
  readonly supersedeExisting: boolean;
}

export type Command =
  | { readonly kind: "arrive"; readonly user: number | undefined; readonly externalId: string | undefined }
  | {
      readonly kind: "update";
      readonly customer: number;
      readonly externalId: string | null | undefined;
      readonly verificationLevel: VerificationLevel | undefined;
      readonly expectedVersion: number | undefined;
    }
  | { readonly kind: "deleteCustomer"; readonly customer: number }
  | {
      readonly kind: "link";
      readonly customer: number;
      readonly user: number;
      readonly primary: boolean | undefined;
      readonly verified: boolean | undefined;
    }
  | { readonly kind: "consent"; readonly customer: number; readonly granted: boolean }
  | {
      readonly kind: "write";
      readonly customer: number;
      readonly asAgent: boolean;
      readonly fields: readonly FieldChoice[];
    }
  | {
      readonly kind: "attest";
      readonly act: "verify" | "confirm";
      readonly field: number;
      readonly evidence: number | undefined;
    }
  | {
      readonly kind: "deleteField";
      readonly field: number;
      readonly status: StatusFilter;
      readonly purge: boolean;
    }
  | {
      readonly kind: "register";
      readonly customer: number;
      readonly name: string;
      readonly sources: readonly SourceChoice[];
      readonly expiresInMs: number | undefined;
      readonly supersedeExisting: boolean;
    }
  | { readonly kind: "deleteAsset"; readonly asset: number; readonly purge: boolean }
  | { readonly kind: "merge"; readonly target: number; readonly source: number }
  | { readonly kind: "undo"; readonly merge: number }
  | { readonly kind: "pass"; readonly ends: "expired" | "orphaned"; readonly customer: number | undefined }
  | { readonly kind: "flag"; readonly name: string; readonly isPii: boolean }
  | { readonly kind: "together"; readonly commands: readonly Command[]; readonly abort: boolean }
  | { readonly kind: "wait"; readonly ms: number };

/** Names the agent knows a definition of, and one that it does not. */
const FIELD_NAMES = ["secret", "personal", "mail", "aging", "free"];

const place = fc.nat({ max: 40 });
/** Of the customers that every run begins with, or one that came later. */
const customer = fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.nat({ max: 6 }) });
const user = fc.nat({ max: 5 });
const name = fc.constantFrom(...FIELD_NAMES);
const externalId = fc.constantFrom("x", "y", "z");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** True once in so many times, and when shrinking never. */
const seldom = (times: number) => fc.integer({ min: 0, max: times - 1 }).map((chance) => chance === times - 1);

const source: fc.Arbitrary<SourceChoice> = fc.record({
  of: fc
    .tuple(seldom(12), seldom(8))
    .map(([isFellow, isExternal]) => (isFellow ? "fellow" : isExternal ? "external" : "item")),
  place,
  wrongKind: seldom(30),
});

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>("Anna", "anna lund", "Anna@Example.ORG", "", true, [null]),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.jsonValue({ depthSize: "small" }) as fc.Arbitrary<JsonValue>,
);

const field: fc.Arbitrary<FieldChoice> = fc.record({
  name,
  value,
  sources: fc.array(source, { maxLength: 2 }),
  confidence: fc.constantFrom(0, 0.5, 1),
  verified: fc.boolean(),
  expiresInMs: maybe(fc.constantFrom(-1, 0, 1, 1_000, 60_000)),
  collectedAgoMs: maybe(fc.constantFrom(0, 1, 5_000)),
  supersedeExisting: seldom(10).map((refuses) => !refuses),
});

/** How often each kind of command comes, and what it is about. */
const kinds: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [2, fc.record({ kind: fc.constant("arrive"), user: maybe(user), externalId: maybe(externalId) })],
  [
    2,
    fc.record({
      kind: fc.constant("update"),
      customer,
      externalId: fc.option(maybe(externalId)),
      verificationLevel: maybe(fc.constantFrom(...VERIFICATION_LEVELS)),
      expectedVersion: fc
        .tuple(seldom(5), fc.integer({ min: 1, max: 9 }))
        .map(([isGiven, version]) => (isGiven ? version : undefined)),
    }),
  ],
  [0.5, fc.record({ kind: fc.constant("deleteCustomer"), customer })],
  [
    2,
    fc.record({
      kind: fc.constant("link"),
      customer,
      user,
      primary: maybe(fc.boolean()),
      verified: maybe(fc.boolean()),
    }),
  ],
  [1, fc.record({ kind: fc.constant("consent"), customer, granted: fc.boolean() })],
  [
    12,
    fc.record({
      kind: fc.constant("write"),
      customer,
      asAgent: fc.boolean(),
      fields: fc.uniqueArray(field, { minLength: 1, maxLength: 3, selector: (each) => each.name }),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant("attest"),
      act: fc.constantFrom("verify", "confirm"),
      field: place,
      evidence: maybe(place),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant("deleteField"),
      field: place,
      status: fc.constantFrom("any", "active", ...ITEM_STATUSES),
      purge: fc.boolean(),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant("register"),
      customer,
      name: fc.constantFrom("card", "selfie"),
      sources: fc.array(source, { maxLength: 2 }),
      expiresInMs: maybe(fc.constantFrom(0, 1_000)),
      supersedeExisting: fc.boolean(),
    }),
  ],
  [3, fc.record({ kind: fc.constant("deleteAsset"), asset: place, purge: fc.boolean() })],
  [
    4,
    fc
      .tuple(customer, fc.constantFrom(1, 2, 1, 2, 1, 2, 0))
      .map(([target, other]) => ({ kind: "merge", target, source: target + other })),
  ],
  [3, fc.record({ kind: fc.constant("undo"), merge: fc.nat({ max: 3 }) })],
  [
    3,
    fc.record({ kind: fc.constant("pass"), ends: fc.constantFrom("expired", "orphaned"), customer: maybe(customer) }),
  ],
  [1, fc.record({ kind: fc.constant("flag"), name, isPii: fc.boolean() })],
  [5, fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(0, 1, 999, 60_000, 86_400_000) })],
] as never;

const single: fc.Arbitrary<Command> = fc.oneof(
  ...kinds.map(([weight, arbitrary]) => ({ weight: weight * 2, arbitrary })),
);

const together: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant("together"),
  commands: fc.array(single, { minLength: 1, maxLength: 3 }),
  abort: fc.boolean(),
});

export const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof({ weight: 12, arbitrary: single }, { weight: 1, arbitrary: together }),
  { minLength: 1, maxLength: 60, size: "max" },
);
