import type { ErrorCode } from "../../src/codes.ts";
import type { JsonObject, JsonValue } from "../../src/json.ts";

/** Stands where a broken body holds a value; no answer and no log line may repeat it. */
export const MARKER = "Sekret-9000";

export interface BrokenBody {
  readonly what: string;
  /** The body as it is sent. */
  readonly raw: string;
  readonly status: number;
  readonly code: ErrorCode;
}

type Path = readonly (string | number)[];

/** Members below which a body may hold any JSON, so that unknown ones are no mistake. */
const FREE = new Set(["content", "metadata", "value", "variables", "verificationResult"]);

/** The body with one thing wrong each: text and numbers that cannot be kept, reserved keys, unknown members, types. */
export function* brokenBodies(body: JsonObject): Generator<BrokenBody> {
  for (const path of pathsOf(body, isObject)) {
    const place = `/${path.join("/")}`;
    const at = (key: string) => rawWith(body, [...path, "@@"], 1).replace('"@@":1', `"${key}":{"a":"${MARKER}"}`);
    yield unkeepable(`__proto__ in ${place}`, at("__proto__"));
    yield unkeepable(`a key with NUL in ${place}`, at("a\\u0000b"));
    yield unkeepable(`a key with a lone surrogate in ${place}`, at("\\ud800"));
    if (path.some((key) => FREE.has(String(key)))) continue;
    yield misshapen(`an unknown member in ${place}`, at("unknown_member"));
    yield misshapen(`a member named constructor in ${place}`, at("constructor"));
  }
  for (const path of pathsOf(body, isLeaf)) {
    const place = `/${path.join("/")}`;
    const instead = (text: string) => rawWith(body, path, "@@").replace('"@@"', text);
    yield unkeepable(`NUL in ${place}`, instead(`"${MARKER}\\u0000"`));
    yield unkeepable(`a lone surrogate in ${place}`, instead(`"${MARKER}\\udfff"`));
    yield unkeepable(`1e999 in ${place}`, instead("1e999"));
    yield unkeepable(`a deep value in ${place}`, instead(`${"[".repeat(60)}${"]".repeat(60)}`));
    yield misshapen(`NaN in ${place}`, instead("NaN"));
  }
}

/** The body with every member in turn left out or replaced by each kind of JSON, some of which may be legal. */
export function* retypedBodies(body: JsonObject): Generator<{ what: string; body: JsonObject }> {
  const kinds: readonly JsonValue[] = [null, true, -1, 1.5, 1e300, "", MARKER, "x".repeat(5_000), [], {}, [[]]];
  for (const path of pathsOf(body, () => true)) {
    if (path.length === 0) continue;
    const without = JSON.parse(rawWith(body, path, undefined)) as JsonObject;
    yield { what: `nothing in /${path.join("/")}`, body: without };
    for (const kind of kinds) {
      const what = `${JSON.stringify(kind).slice(0, 20)} in /${path.join("/")}`;
      yield { what, body: JSON.parse(rawWith(body, path, kind)) as JsonObject };
    }
  }
}

function unkeepable(what: string, raw: string): BrokenBody {
  return { what, raw, status: 400, code: "invalid_value" };
}

function misshapen(what: string, raw: string): BrokenBody {
  return { what, raw, status: 400, code: "invalid_request" };
}

function rawWith(body: JsonObject, path: Path, value: JsonValue | undefined): string {
  const copy = structuredClone(body) as Record<string | number, unknown>;
  const last = path.at(-1) ?? "";
  let holder = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  holder[last] = value;
  return JSON.stringify(copy);
}

function* pathsOf(value: JsonValue, matches: (value: JsonValue) => boolean, path: Path = []): Generator<Path> {
  if (matches(value)) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield* pathsOf(member, matches, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function isObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLeaf(value: JsonValue): boolean {
  return typeof value !== "object" || value === null;
}
