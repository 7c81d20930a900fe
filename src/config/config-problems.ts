import type { z } from "zod";
import { type ErrorItem, jsonPointer } from "../errors.ts";
import { closestName } from "./closest-name.ts";
import type { ConfigModel } from "./config-model.ts";

export interface GivenValue {
  readonly value: unknown;
  /** A file's name or a variable's. */
  readonly source: string;
}

interface ProblemContext {
  readonly model: ConfigModel;
  readonly given: ReadonlyMap<string, GivenValue>;
}

/** One item per problem: where it is, what was given and from where, what is expected. Secrets are not quoted. */
export function configProblems(error: z.ZodError, context: ProblemContext): ErrorItem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownSetting([...issue.path, key], context.model));
    return [badValue(issue, context)];
  });
}

function unknownSetting(path: readonly PropertyKey[], { settings }: ConfigModel): ErrorItem {
  const name = path.map(String).join(".");
  const meant =
    closestName(
      name,
      settings.map((setting) => setting.path),
    ) ?? settings.find((setting) => setting.path.endsWith(`.${name}`))?.path;
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return { path: jsonPointer(path), code: "unknown_setting", message: `There is no setting ${name}.${hint}` };
}

function badValue(issue: z.core.$ZodIssue, { given, model }: ProblemContext): ErrorItem {
  const name = issue.path.map(String).join(".");
  const origin = given.get(name);
  const setting = model.settings.find(({ path }) => path === name);
  // What is not as expected may have a secret anywhere.
  const hasSecret = setting && (setting.isSecret || setting.secretMembers.length > 0);
  const value = hasSecret ? "a secret that is not shown" : JSON.stringify(origin?.value);
  const from = origin ? ` Got ${value} from ${origin.source}.` : "";
  return { path: jsonPointer(issue.path), code: issue.code, message: `${expectation(issue.message)}.${from}` };
}

function expectation(message: string): string {
  return message.replace(/^Invalid (?:input|option): e/, "E").replace(/\.$/, "");
}
