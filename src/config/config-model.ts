import { z } from "zod";
import { configSchema } from "./config-schema.ts";
import { BUILT_IN_ENGINES, type EngineSettings, TIER_PATHS } from "./engine-settings.ts";

/** A leaf of the schema, such as `http.port`. */
export interface Setting {
  readonly path: string;
  readonly description: string;
  readonly type: "string" | "number" | "boolean";
  /** Never written to a file in clear, never printed. */
  readonly isSecret: boolean;
  /** Of a list of sections: the members of each that are never printed. */
  readonly secretMembers: readonly string[];
}

/** What can be configured: it depends on the engines there are. */
export interface ConfigModel {
  readonly schema: ReturnType<typeof configSchema>;
  /** In the order of the schema. */
  readonly settings: readonly Setting[];
  readonly engines: readonly EngineSettings[];
}

const SECRETS = ["apiKey", "masterKey", "sessions.redisUrl", "register.peers[].key"];

/** @param outside engines besides the vault's own */
export function configModel(outside: readonly EngineSettings[]): ConfigModel {
  if (outside.length === 0) return BUILT_IN_MODEL;
  return modelOf([...BUILT_IN_ENGINES, ...outside]);
}

function modelOf(engines: readonly EngineSettings[]): ConfigModel {
  const schema = configSchema(engines);
  const secrets = engines.flatMap(({ tier, name, secrets: members }) =>
    members.map((member) => `${TIER_PATHS[tier]}.${name}.${member}`),
  );
  return { schema, settings: settingsOf(schema, "", new Set([...SECRETS, ...secrets])), engines };
}

function settingsOf(schema: z.ZodObject, prefix: string, secrets: ReadonlySet<string>): Setting[] {
  return Object.entries(schema.shape).flatMap(([name, member]) => {
    const path = prefix + name;
    const inner = unwrapped(member as z.ZodType);
    if (inner instanceof z.ZodObject) return settingsOf(inner, `${path}.`, secrets);
    const description = (member as z.ZodType).description ?? "";
    const secretMembers = membersOf(inner).filter((each) => secrets.has(`${path}[].${each}`));
    return [{ path, description, type: typeOf(inner), isSecret: secrets.has(path), secretMembers }];
  });
}

/** Of the sections that a list is made of. */
function membersOf(schema: z.ZodType): readonly string[] {
  const element = schema instanceof z.ZodArray ? unwrapped(schema.element as z.ZodType) : undefined;
  return element instanceof z.ZodObject ? Object.keys(element.shape) : [];
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function typeOf(schema: z.ZodType): Setting["type"] {
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodBoolean ? "boolean" : "string";
}

const BUILT_IN_MODEL: ConfigModel = modelOf(BUILT_IN_ENGINES);
