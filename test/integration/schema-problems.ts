/* JSON Schema 2020-12, as far as the description of the API uses it. */

const TYPES: readonly unknown[] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/** What stands behind each keyword: something else than a schema, one, or several by name or in a list. */
const KEYWORDS: ReadonlyMap<string, "none" | "one" | "several"> = new Map([
  ...["items", "additionalProperties", "propertyNames", "not"].map((name) => [name, "one"] as const),
  ...["properties", "anyOf", "oneOf", "allOf", "prefixItems"].map((name) => [name, "several"] as const),
  ...["$ref", "type", "required", "enum", "const", "format", "pattern"].map((name) => [name, "none"] as const),
  ...["default", "description", "title", "minimum", "maximum", "minLength"].map((name) => [name, "none"] as const),
  ...["exclusiveMinimum", "exclusiveMaximum", "maxLength", "minItems", "maxItems"].map(
    (name) => [name, "none"] as const,
  ),
]);

/** What is wrong with a schema and with those within it, each with its place. */
export function* schemaProblems(schema: unknown, place: string): Generator<string> {
  if (typeof schema === "boolean") return;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return yield `${place} is no schema`;
  for (const [keyword, value] of Object.entries(schema as Record<string, unknown>)) {
    yield* keywordProblems(keyword, value, `${place}/${keyword}`);
  }
  if (!isFit(schema)) yield `${place} says what no schema can`;
}

function* keywordProblems(keyword: string, value: unknown, place: string): Generator<string> {
  const behind = KEYWORDS.get(keyword);
  if (behind === undefined) yield `${place} is unknown`;
  if (behind === "one") yield* schemaProblems(value, place);
  if (behind !== "several") return;
  for (const [name, member] of Object.entries(value as object)) yield* schemaProblems(member, `${place}/${name}`);
}

function isFit(schema: {
  type?: unknown;
  enum?: unknown;
  pattern?: unknown;
  required?: unknown;
  properties?: unknown;
}) {
  const { type = [], enum: values = [null], pattern = "", required = [], properties = {} } = schema;
  const isListOf = (list: unknown, isMember: (member: unknown) => boolean) =>
    Array.isArray(list) && list.every(isMember);
  return (
    isListOf([type].flat(), (each) => TYPES.includes(each)) &&
    isListOf(values, () => true) &&
    (values as unknown[]).length > 0 &&
    isListOf(required, (name) => typeof name === "string" && Object.hasOwn(properties as object, name)) &&
    compiles(pattern)
  );
}

function compiles(pattern: unknown): boolean {
  try {
    return typeof pattern === "string" && new RegExp(pattern, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
