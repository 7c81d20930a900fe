import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addMs, type Instant } from "../clock.ts";
import type { AgentId, RequirementId, StepId } from "../identifiers.ts";
import { fieldDefinition, fieldRequirement, fieldView, SCHEMA_NOW as NOW } from "../testing/schema-records.ts";
import { ConditionCompiler } from "./condition.ts";
import type { FieldDefinition } from "./field-definition.ts";
import { definitionLookup, type FieldView, type MissingFieldsQuery, missingFields } from "./missing-fields.ts";
import type { FieldRequirement } from "./requirement.ts";

const conditions = new ConditionCompiler();
const STEP = "01890000-0000-7000-8000-000000000511" as StepId;

function check(
  requirements: readonly Partial<FieldRequirement>[],
  fields: readonly FieldView[] | null,
  more: Partial<MissingFieldsQuery> & { definition?: Partial<FieldDefinition> } = {},
) {
  const { definition, ...query } = more;
  return missingFields({
    requirements: requirements.map((over, index) =>
      fieldRequirement({ id: `01890000-0000-7000-8000-0000000${10_000 + index}` as RequirementId, ...over }),
    ),
    definitions: definitionLookup(definition ? [fieldDefinition(definition)] : []),
    fields,
    now: NOW,
    conditions,
    ...query,
  });
}

function reasonFor(field: Partial<FieldView> | undefined, definition?: Partial<FieldDefinition>) {
  const fields = field ? [fieldView("legal_name", field)] : [];
  return check([{}], fields, definition ? { definition } : {})[0]?.reason;
}

describe("why a field is missing", () => {
  it.each<[string | undefined, Partial<FieldView> | undefined, Partial<FieldDefinition> | undefined]>([
    [undefined, {}, undefined],
    ["absent", undefined, undefined],
    ["absent", { status: "orphaned" }, undefined],
    ["absent", { status: "superseded" }, undefined],
    ["expired", { status: "expired" }, undefined],
    ["expired", { expiresAt: addMs(NOW, -1) }, undefined],
    ["expired", { expiresAt: NOW }, undefined],
    [undefined, { expiresAt: addMs(NOW, 1) }, undefined],
    [undefined, { collectedAt: addMs(NOW, -60_000) }, { freshnessSeconds: 60 }],
    ["stale", { collectedAt: addMs(NOW, -60_001) }, { freshnessSeconds: 60 }],
    ["unverified", {}, { requiredVerification: true }],
    [undefined, { verified: true }, { requiredVerification: true }],
    [
      undefined,
      { verified: true, verificationMethod: "otp" },
      { requiredVerification: true, verificationMethods: ["otp"] },
    ],
    [
      "unverified",
      { verified: true, verificationMethod: "sms" },
      { requiredVerification: true, verificationMethods: ["otp"] },
    ],
    ["unverified", { verified: true }, { requiredVerification: true, verificationMethods: ["otp"] }],
    [undefined, {}, { verificationMethods: ["otp"] }],
    ["needs_confirmation", { requiresConfirmation: true }, undefined],
    ["unverified", { requiresConfirmation: true }, { requiredVerification: true }],
    ["stale", { collectedAt: addMs(NOW, -60_001) }, { freshnessSeconds: 60, requiredVerification: true }],
    ["expired", { expiresAt: NOW, collectedAt: addMs(NOW, -60_001) }, { freshnessSeconds: 60 }],
  ])("is %s for %j by %j", (reason, field, definition) => {
    expect(reasonFor(field, definition)).toBe(reason);
  });

  it.each([{ enabled: false }, { suggestionState: "suggested" }, { suggestionState: "rejected" }] as const)(
    "is not found by a definition with %j",
    (over) => {
      expect(reasonFor({}, { ...over, requiredVerification: true })).toBeUndefined();
      const [entry] = check([{}], [], { definition: { ...over, collectionPrompt: "Name?" } });
      expect(entry).toMatchObject({ definitionId: null, displayName: null, valueType: null, collectionPrompt: null });
    },
  );

  it("is judged by the definition of the requirement's own agent", () => {
    const other = "01890000-0000-7000-8000-00000000000b" as AgentId;
    const fields = [fieldView("legal_name")];
    expect(check([{}], fields, { definition: { agentId: other, requiredVerification: true } })).toEqual([]);
    expect(
      check([{ agentId: other }], fields, { definition: { agentId: other, requiredVerification: true } }),
    ).toHaveLength(1);
  });

  it("prefers the active version over an expired one, in any order", () => {
    const versions = [fieldView("legal_name", { status: "expired" }), fieldView("legal_name")];
    expect(check([{}], versions)).toEqual([]);
    expect(check([{}], versions.toReversed())).toEqual([]);
  });
});

describe("an entry", () => {
  it("carries what an agent needs to close the gap", () => {
    const definition = fieldDefinition({ collectionPrompt: "What is your name?", valueType: "string" });
    const [entry] = check([{ stepId: STEP, collectionOrder: 4, fallbackAction: "extract" }], [], { definition });
    expect(entry).toEqual({
      fieldName: "legal_name",
      reason: "absent",
      requiredLevel: "hard",
      fallbackAction: "extract",
      collectionOrder: 4,
      agentId: definition.agentId,
      stepId: STEP,
      requirementId: "01890000-0000-7000-8000-000000010000",
      definitionId: definition.id,
      displayName: "Legal name",
      valueType: "string",
      collectionPrompt: "What is your name?",
      blocking: true,
    });
  });

  it("comes by order, then field name", () => {
    const entries = check(
      [{ fieldName: "b", collectionOrder: 1 }, { fieldName: "a", collectionOrder: 1 }, { fieldName: "z" }],
      [],
    );
    expect(entries.map(({ fieldName }) => fieldName)).toEqual(["z", "a", "b"]);
  });
});

describe("levels", () => {
  const both = [{ fieldName: "a" }, { fieldName: "b", requiredLevel: "soft" as const }];
  const namesAt = (level: "hard" | "soft" | "all" | undefined, requirements: Partial<FieldRequirement>[] = both) =>
    check(requirements, [], { level }).map(({ fieldName, blocking }) => `${fieldName}${blocking ? "!" : ""}`);

  it("select hard ones unless asked otherwise", () => {
    expect(namesAt(undefined)).toEqual(["a!"]);
    expect(namesAt("soft")).toEqual(["b"]);
    expect(namesAt("all")).toEqual(["a!", "b"]);
  });

  it("make a requirement that waits for review act as soft", () => {
    const waiting = [{ fieldName: "a", needsHumanReview: true }];
    expect(namesAt("hard", waiting)).toEqual([]);
    expect(namesAt("soft", waiting)).toEqual(["a"]);
    expect(check(waiting, [], { level: "all" })[0]).toMatchObject({ requiredLevel: "soft", blocking: false });
  });
});

describe("a requirement counts", () => {
  const guardian = (over: Partial<FieldRequirement>) => [{ fieldName: "guardian", ...over }];

  it("only when everything it depends on is there", () => {
    const requirement = guardian({ dependsOnFields: ["age", "country"] });
    const age = fieldView("age", { value: 12 });
    expect(check(requirement, [age])).toEqual([]);
    expect(check(requirement, [age, fieldView("country")])).toHaveLength(1);
    expect(check(requirement, [age, fieldView("country", { expiresAt: NOW })])).toEqual([]);
    expect(check(requirement, [age, fieldView("country", { status: "expired" })])).toEqual([]);
  });

  it("when its condition is true, or cannot be answered, but not when it is false", () => {
    const requirement = guardian({ whenCondition: "fields.age < 18" });
    expect(check(requirement, [fieldView("age", { value: 12 })])).toHaveLength(1);
    expect(check(requirement, [fieldView("age", { value: 30 })])).toEqual([]);
    expect(check(requirement, [])).toHaveLength(1);
    expect(check(requirement, [fieldView("age", { value: "old" })])).toHaveLength(1);
    expect(check(requirement, [fieldView("age", { value: 30, expiresAt: NOW })])).toHaveLength(1);
    expect(check(guardian({ whenCondition: "has(fields.age) && fields.age < 18" }), [])).toEqual([]);
    expect(check(guardian({ whenCondition: "no such (" }), [fieldView("age")])).toHaveLength(1);
  });

  it("by what is verified, by the session and by the time", () => {
    const age = fieldView("age", { value: 12, verified: true });
    expect(check(guardian({ whenCondition: "verified.age" }), [age])).toHaveLength(1);
    expect(check(guardian({ whenCondition: "!verified.age" }), [age])).toEqual([]);
    const session = { channel: "voice" };
    expect(check(guardian({ whenCondition: 'session.channel == "voice"' }), [age], { session })).toHaveLength(1);
    expect(check(guardian({ whenCondition: 'session.channel == "sms"' }), [age], { session })).toEqual([]);
    expect(check(guardian({ whenCondition: 'now < timestamp("2020-01-01T00:00:00Z")' }), [age])).toEqual([]);
  });

  it("always, when there is no customer", () => {
    const requirements = [
      { fieldName: "a", dependsOnFields: ["b"] },
      { fieldName: "c", whenCondition: "false" },
    ];
    expect(check(requirements, null).map(({ reason }) => reason)).toEqual(["absent", "absent"]);
    expect(check(requirements, [])).toEqual([]);
  });
});

describe("several requirements of one field", () => {
  const wide = { collectionOrder: 1, requiredLevel: "soft", fallbackAction: "skip" } as const;
  const atStep = { stepId: STEP, collectionOrder: 5 } as const;

  it("make one entry of the stricter level and the lower order", () => {
    const entry = { requiredLevel: "hard", fallbackAction: "ask", collectionOrder: 1, stepId: STEP, blocking: true };
    expect(check([wide, atStep], [], { level: "all" })).toMatchObject([entry]);
    expect(check([atStep, wide], [], { level: "all" })).toMatchObject([entry]);
  });

  it("prefer a step's requirement where level and order are equal", () => {
    expect(check([{}, { stepId: STEP }], [])).toMatchObject([{ stepId: STEP }]);
  });

  it("leave out those that do not count", () => {
    const hardButFalse = { ...atStep, whenCondition: "false" };
    expect(check([wide, hardButFalse], [], { level: "all" })).toMatchObject([
      { requiredLevel: "soft", fallbackAction: "skip" },
    ]);
  });

  it("come to the same whatever their sequence is", () => {
    const requirement = fc.record({
      fieldName: fc.constantFrom("a", "b"),
      collectionOrder: fc.integer({ min: 0, max: 4 }),
      requiredLevel: fc.constantFrom("hard" as const, "soft" as const),
      needsHumanReview: fc.boolean(),
      stepId: fc.constantFrom(null, STEP),
    });
    const scenario = fc.array(requirement, { maxLength: 7 }).chain((list) => {
      const rows = list.map((over, index) => ({
        ...over,
        id: `01890000-0000-7000-8000-0000000${20_000 + index}` as RequirementId,
      }));
      return fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }));
    });
    fc.assert(
      fc.property(scenario, ([rows, shuffled]) => {
        const entries = check(rows, [], { level: "all" });
        expect(check(shuffled, [], { level: "all" })).toEqual(entries);
        for (const entry of entries) {
          const own = rows.filter(({ fieldName }) => fieldName === entry.fieldName);
          expect(entry.collectionOrder).toBe(Math.min(...own.map(({ collectionOrder }) => collectionOrder)));
          expect(entry.blocking).toBe(own.some((row) => row.requiredLevel === "hard" && !row.needsHumanReview));
        }
      }),
      { numRuns: 1_000, seed: 9 },
    );
  });
});

it("an instant later nothing is less missing by time alone", () => {
  const fields = [fieldView("legal_name", { expiresAt: addMs(NOW, 1_000) })];
  const at = (now: Instant) => check([{}], fields, { now }).length;
  expect([at(NOW), at(addMs(NOW, 999)), at(addMs(NOW, 1_000)), at(addMs(NOW, 9_000))]).toEqual([0, 0, 1, 1]);
});
