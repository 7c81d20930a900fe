import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { JsonValue } from "../json.ts";
import { shortestMs } from "../testing/shortest-ms.ts";
import { ConditionCompiler } from "./condition.ts";
import { conditionContext } from "./condition-context.ts";

const NOW = "2026-03-01T00:00:00.000Z" as Instant;
const conditions = new ConditionCompiler();

const FIELDS: Record<string, JsonValue> = {
  age: 30,
  income: 1500.5,
  country: "DE",
  born: "2008-02-29",
  vip: true,
  nothing: null,
  list: [1, 2, 3],
  children: [{ hobbies: ["chess"] }, { hobbies: [] }],
  constructor: { constructor: "x" },
  long: "a".repeat(1_025),
  wide: Array.from({ length: 200 }, () => 1),
};

const context = conditionContext(
  Object.entries(FIELDS).map(([name, value]) => ({ name, value, verified: name === "age" })),
  { language: "de" },
  NOW,
);

function evaluate(condition: string) {
  expect(conditions.problem(condition)).toBeUndefined();
  return conditions.evaluate(condition, context);
}

describe("a condition", () => {
  it.each([
    "fields.age >= 18",
    "fields.age == 30",
    "30 == fields.age",
    "fields.age + 1 == 31",
    "1 + fields.age == 31",
    "fields.age % 7 == 2",
    "fields.income * 2 == 3001",
    "fields.income > fields.age",
    "fields.age in [18, 30]",
    'fields.country in ["DE", "AT", "CH"]',
    "fields.vip",
    "fields.nothing == null",
    "verified.age && !verified.country",
    'session.language == "de"',
    "has(fields.age) && !has(fields.zip)",
    '"age" in fields && !("zip" in fields)',
    "size(fields.list) == 3 && fields.list[0] == 1",
    "fields.list.exists(n, n == 2) && fields.list.all(n, n < 4)",
    'fields.children.exists(child, child.hobbies.exists(hobby, hobby == "chess"))',
    "fields.list.map(n, n * 2).filter(n, n > 2).size() == 2",
    'fields.country.matches("^D") && ["x"].exists(t, t.matches("x"))',
    "now > date(fields.born) && yearsBetween(date(fields.born), now) == 18",
    'now == timestamp("2026-03-01T00:00:00") && timestamp(0) < now',
    'now - date(fields.born) > duration("24h")',
    "now.getFullYear() == 2026",
    'fields.constructor.constructor == "x"',
    'fields.zip == "1" || fields.vip',
    'fields.vip || fields.zip == "1"',
  ])("comes to true: %s", (condition) => {
    expect(evaluate(condition)).toBe("true");
  });

  it.each([
    "fields.age < 18",
    'fields.country == "FR"',
    "has(fields.zip)",
    "has(fields.zip) && fields.zip > 3",
    "!fields.vip",
    "fields.zip == 1 && false",
  ])("comes to false: %s", (condition) => {
    expect(evaluate(condition)).toBe("false");
  });

  it.each([
    "fields.zip == 1",
    "fields.zip == null",
    "fields.zip < 18 || fields.age < 18",
    "fields.zip < 18 && fields.vip",
    "verified.zip",
    'session.unknown == "x"',
    'fields.age < "x"',
    "fields.country",
    "fields.age",
    "!fields.age",
    "date(fields.country) < now",
    "timestamp(99999999999999) > now",
    'fields.long == "a"',
    "fields.wide[0] == 1",
    "fields.list[9] == 1",
    "1 / 0 == 1",
    'fields["__proto__"] == 1',
  ])("cannot be answered: %s", (condition) => {
    expect(evaluate(condition)).toBe("error");
  });

  it("counts a birthday from its day on", () => {
    const on = (now: string) =>
      conditions.evaluate(
        "yearsBetween(date(fields.born), now) >= 18",
        conditionContext([{ name: "born", value: "2008-05-10", verified: false }], {}, now as Instant),
      );
    expect(on("2026-05-09T23:59:59.999Z")).toBe("false");
    expect(on("2026-05-10T00:00:00.000Z")).toBe("true");
  });
});

describe("the check of a condition", () => {
  it.each([
    ["", "unexpected_token"],
    ["fields.age >=", "unexpected_token"],
    ["age >= 18", "unknown_variable"],
    ["process.exit(1)", "unknown_function"],
    ["fields.age.unknown()", "unknown_function"],
    ["unknown(fields.age)", "unknown_function"],
    ["matchesLinear(fields.country, 'x')", "unknown_function"],
    ["1 + 1", "not_boolean"],
    ["verified.age == 1", "no_such_overload"],
    ["fields.country.matches(fields.country)", "pattern_not_literal"],
    ["fields.country.matches('(')", "pattern_does_not_compile"],
    ["cel.bind(x, fields.age, x > 1)", "unknown_function"],
    ["fields.country.split('').size() > 1", "unknown_function"],
    ["now.getHours('Europe/Berlin') > 1", "unknown_function"],
    ["duration(fields.country) > duration('1h')", "duration_not_literal"],
    ["fields.list.exists(a, fields.list.exists(b, a == b))", "too_expensive"],
    ["(fields.list + fields.list).exists(a, a == 1)", "too_expensive"],
    ["fields.exists(name, name == 'age')", "too_expensive"],
    ["fields.list.map(a, fields.list).exists(a, a.exists(b, b == 1))", "too_expensive"],
    [`${"(".repeat(300)}true${")".repeat(300)}`, "limit_exceeded"],
    [Array.from({ length: 90 }, () => "true").join("&&") + "&&true".repeat(40), "limit_exceeded"],
    ["x".repeat(1_001), "too_long"],
  ])("refuses %j", (condition, code) => {
    expect(conditions.problem(condition)?.code).toBe(code);
    expect(conditions.evaluate(condition, context)).toBe("error");
  });

  it("speaks of the names that authors write", () => {
    const messages = ["1.matches('x')", "timestamp(true) == now"].map((text) => conditions.problem(text)?.message);
    expect(messages.join()).not.toMatch(/Linear|InUtc/);
  });

  it("never throws, whatever the text is", () => {
    const pieces = fc.constantFrom(
      "fields",
      ".",
      "age",
      "(",
      ")",
      "&&",
      "has",
      "exists",
      "x",
      ",",
      "1",
      "'a'",
      "[",
      "]",
      "==",
      "matches",
      "timestamp",
      "?",
      ":",
      "{",
      "}",
      "!",
      "-",
      "in",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join(" ")),
        ),
        (text) => {
          const outcome = conditions.evaluate(text, context);
          expect(["true", "false", "error"]).toContain(outcome);
          if (conditions.problem(text)) expect(outcome).toBe("error");
        },
      ),
      { numRuns: 3_000, seed: 3 },
    );
  });
});

describe("the cost of a condition", () => {
  it.each([
    'fields.text.matches("(a+)+$")',
    '[fields.text].exists(t, t.matches("(a+)+$"))',
    `fields.numbers.all(n, ${Array.from({ length: 18 }, () => 'fields.text.contains("b")==false').join("&&")})`,
    `fields.numbers.all(n, ${Array.from({ length: 30 }, () => "fields.zip==1").join("||")})`,
  ])("is bounded: %s", async (condition) => {
    expect(conditions.problem(condition)).toBeUndefined();
    const hostile = conditionContext(
      [
        { name: "text", value: `${"a".repeat(1_000)}!`, verified: false },
        { name: "numbers", value: Array.from({ length: 127 }, (_, n) => n), verified: false },
      ],
      {},
      NOW,
    );
    expect(await shortestMs(3, () => conditions.evaluate(condition, hostile))).toBeLessThan(500);
  });

  it("is paid once per text, and what was forgotten is compiled again", () => {
    const small = new ConditionCompiler({ entriesMax: 4 });
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 20; n++) expect(small.evaluate(`fields.age > ${n}`, context)).toBe("true");
    }
  });
});
