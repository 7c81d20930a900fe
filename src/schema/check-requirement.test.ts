import { describe, expect, it } from "vitest";
import { isVaultError } from "../errors.ts";
import { checkRequirement, checkRequirements } from "./check-requirement.ts";
import { ConditionCompiler } from "./condition.ts";

const conditions = new ConditionCompiler();
const uuid = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const MINIMAL = { agentId: uuid(1), scenarioId: uuid(2), fieldName: "legal_name" };

function problemPaths(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isVaultError(error, "invalid_requirement")) throw error;
    return error.errors.map(({ path }) => path);
  }
}

function pathsOf(over: object): string[] {
  return problemPaths(() => checkRequirement({ ...MINIMAL, ...over }, conditions));
}

describe("checking a requirement", () => {
  it("completes what is left out", () => {
    expect(checkRequirement(MINIMAL, conditions)).toEqual({
      ...MINIMAL,
      stepId: null,
      ruleId: null,
      requiredLevel: "hard",
      fallbackAction: "ask",
      whenCondition: null,
      dependsOnFields: [],
      collectionOrder: 0,
      needsHumanReview: false,
      extractionConfidence: 1,
      origin: "manual",
    });
  });

  it.each([
    [{ fallbackAction: "skip" }, ["/fallbackAction"]],
    [{ fallbackAction: "skip", requiredLevel: "soft" }, []],
    [{ dependsOnFields: ["age", "legal_name"] }, ["/dependsOnFields"]],
    [{ dependsOnFields: ["Age"] }, ["/dependsOnFields/0"]],
    [{ dependsOnFields: Array.from({ length: 21 }, (_, n) => `f${n}`) }, ["/dependsOnFields"]],
    [{ scenarioId: null }, ["/scenarioId"]],
    [{ scenarioId: null, ruleId: uuid(3) }, []],
    [{ scenarioId: null, ruleId: uuid(3), stepId: uuid(4) }, ["/stepId"]],
    [{ stepId: "00000000-0000-0000-0000-000000000000" }, ["/stepId"]],
    [{ agentId: "ABC" }, ["/agentId"]],
    [{ fieldName: "__proto__" }, ["/fieldName"]],
    [{ collectionOrder: -1 }, ["/collectionOrder"]],
    [{ collectionOrder: 1.5 }, ["/collectionOrder"]],
    [{ extractionConfidence: 1.01 }, ["/extractionConfidence"]],
    [{ whenCondition: "fields.age >= 18" }, []],
    [{ whenCondition: "age >= 18" }, ["/whenCondition"]],
    [{ whenCondition: "fields.age >=" }, ["/whenCondition"]],
    [{ whenCondition: "1 + 1" }, ["/whenCondition"]],
    [{ whenCondition: "x".repeat(1_001) }, ["/whenCondition"]],
    [{ surprise: 1 }, ["/surprise"]],
  ])("finds with %j problems at %j", (over, paths) => {
    expect(pathsOf(over)).toEqual(paths);
  });

  it("names every problem", () => {
    const over = { fallbackAction: "skip", dependsOnFields: ["legal_name"], whenCondition: "nothing" };
    expect(pathsOf(over)).toEqual(["/fallbackAction", "/dependsOnFields", "/whenCondition"]);
  });

  it("forgets repeated dependencies", () => {
    expect(checkRequirement({ ...MINIMAL, dependsOnFields: ["a", "a"] }, conditions).dependsOnFields).toEqual(["a"]);
  });
});

describe("checking a list of requirements", () => {
  it("puts the position in front of each place, and finds repeated keys", () => {
    const list = [MINIMAL, { ...MINIMAL, fallbackAction: "skip" as const }, { ...MINIMAL, stepId: uuid(5) }, MINIMAL];
    expect(problemPaths(() => checkRequirements(list, conditions))).toEqual(["/1/fallbackAction", "/1", "/3"]);
  });

  it("has a limit", () => {
    const list = Array.from({ length: 501 }, (_, n) => ({ ...MINIMAL, fieldName: `f${n}` }));
    expect(checkRequirements(list.slice(1), conditions)).toHaveLength(500);
    expect(() => checkRequirements(list, conditions)).toThrow(expect.objectContaining({ code: "limit_exceeded" }));
  });
});
