import { describe, expect, it } from "vitest";
import { isVaultError } from "../errors.ts";
import { checkDefinition, type FieldDefinitionInput } from "./check-definition.ts";
import { fieldNameProblem } from "./field-definition.ts";

const AGENT = "01890000-0000-7000-8000-00000000000a";
const MINIMAL = { agentId: AGENT, name: "date_of_birth", valueType: "date" } as const;

/** Paths of the problems, in order; empty when there are none. */
function problemPaths(input: unknown): string[] {
  try {
    checkDefinition(input as FieldDefinitionInput);
    return [];
  } catch (error) {
    if (!isVaultError(error, "invalid_definition")) throw error;
    return error.errors.map(({ path }) => path);
  }
}

describe("checking a definition", () => {
  it("completes what is left out", () => {
    expect(checkDefinition(MINIMAL)).toEqual({
      agentId: AGENT,
      name: "date_of_birth",
      displayName: "Date of birth",
      description: null,
      valueType: "date",
      validationRegex: null,
      validationToolId: null,
      allowedValues: null,
      validationMode: null,
      requiredVerification: false,
      verificationMethods: [],
      collectionPrompt: null,
      extractionExamples: [],
      extractionPromptHint: null,
      isPii: false,
      encryptionRequired: false,
      retentionDays: null,
      freshnessSeconds: null,
      enabled: true,
      suggestionState: "accepted",
    });
  });

  it("gives a name of underscores itself as display name", () => {
    expect(checkDefinition({ ...MINIMAL, name: "__" }).displayName).toBe("__");
  });

  it("names every problem at its place", () => {
    const input = {
      agentId: "nobody",
      name: "1st",
      valueType: "text",
      validationRegex: "(",
      allowedValues: ["a", 3],
      retentionDays: 0.5,
      freshnessSeconds: 0,
      "a/b~c": 1,
    };
    const places = [
      "/agentId",
      "/name",
      "/valueType",
      "/validationRegex",
      "/allowedValues/1",
      "/retentionDays",
      "/freshnessSeconds",
      "/a~1b~0c",
    ];
    expect(problemPaths(input).toSorted()).toEqual(places.toSorted());
  });

  it.each([null, undefined, 1, "x", []])("refuses %j as a whole", (input) => {
    expect(problemPaths(input).length).toBeGreaterThan(0);
  });

  it.each(["", "A", "a-b", "a b", "é", "1a", "__proto__", "a".repeat(51), "a\u0000", "a\n"])(
    "refuses the name %j",
    (name) => {
      expect(problemPaths({ ...MINIMAL, name })).toContain("/name");
      expect(fieldNameProblem(name)).toBeDefined();
    },
  );

  it.each(["a", "_", "__", "constructor", "a".repeat(50), "a1_"])("takes the name %j", (name) => {
    expect(problemPaths({ ...MINIMAL, name })).toEqual([]);
    expect(fieldNameProblem(name)).toBeUndefined();
  });

  it.each(["(", "a(?=b)", "(a)\\1", "((a{1,10}){1,10}){1,10}", "a".repeat(501)])(
    "refuses the pattern %j",
    (validationRegex) => {
      expect(problemPaths({ ...MINIMAL, validationRegex })).toEqual(["/validationRegex"]);
    },
  );

  it.each(["number", "boolean", "json"] as const)(
    "refuses a pattern for %s, which is not kept as text",
    (valueType) => {
      expect(problemPaths({ ...MINIMAL, valueType, validationRegex: "a" })).toEqual(["/validationRegex"]);
    },
  );

  it.each([
    ["number", ["1", "one", "2"], ["/allowedValues/1"]],
    ["number", ["1", "1.0"], ["/allowedValues/1"]],
    ["email", ["a@b.co", "a@B.CO"], ["/allowedValues/1"]],
    ["date", ["2024-02-30"], ["/allowedValues/0"]],
    ["boolean", ["yes", "no"], []],
    ["json", ["{}"], ["/allowedValues"]],
    ["string", [], ["/allowedValues"]],
    ["string", ["x\u0000"], ["/allowedValues/0", "/allowedValues/0"]],
  ] as const)("checks allowed values of type %s: %j has problems at %j", (valueType, allowedValues, paths) => {
    expect(problemPaths({ ...MINIMAL, valueType, allowedValues })).toEqual(paths);
  });

  it("refuses an allowed value that the pattern would never let through", () => {
    const input = { ...MINIMAL, valueType: "string", validationRegex: "a+", allowedValues: ["aa", "b"] };
    expect(problemPaths(input)).toEqual(["/allowedValues/1"]);
  });

  it.each(["description", "collectionPrompt", "displayName", "extractionPromptHint", "validationToolId"])(
    "refuses text in %s that cannot be stored or is too long",
    (member) => {
      for (const text of ["a\u0000", "\udc00", "", "x".repeat(2_001)]) {
        expect(problemPaths({ ...MINIMAL, [member]: text })).toContain(`/${member}`);
      }
    },
  );
});
