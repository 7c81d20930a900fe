import { styleText } from "node:util";
import { ERROR_CODES } from "../codes.ts";
import { type ErrorItem, isVaultError, type VaultError } from "../errors.ts";
import { describeError } from "../telemetry/redaction.ts";
import { EXIT_CODES } from "./exit-codes.ts";

/** What a person reads, or a program, when a command fails, and what the shell gets. */
export function reportError(error: unknown, isJson: boolean): { readonly text: string; readonly exitCode: number } {
  if (!isVaultError(error)) {
    const description = describeError(error);
    const text = isJson
      ? JSON.stringify({ error: { code: "internal_error", kind: "internal", ...description } })
      : `${red("internal_error")} ${ERROR_CODES.internal_error.cause}\n${JSON.stringify(description, null, 2)}`;
    return { text, exitCode: EXIT_CODES.internal };
  }
  return { text: isJson ? jsonOf(error) : textOf(error), exitCode: EXIT_CODES[error.kind] };
}

function textOf(error: VaultError): string {
  const lines = [`${red(error.code)} ${error.message}`];
  for (const item of error.errors) lines.push(`  ${placeOf(item)}${item.message}`);
  const facts = Object.entries(error.details).filter(([, value]) => value !== undefined);
  for (const [name, value] of facts)
    lines.push(`  ${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  lines.push(`${styleText("bold", "What to do:", { stream: process.stderr })} ${hintOf(error)}`);
  return lines.join("\n");
}

function jsonOf(error: VaultError): string {
  const { code, kind, message, details, errors } = error;
  return JSON.stringify({ error: { code, kind, message, hint: hintOf(error), details, errors } });
}

function hintOf({ hint, code }: VaultError): string {
  return hint ?? ERROR_CODES[code].remedy;
}

/** `/http/port` is `http.port`. */
function placeOf({ path }: ErrorItem): string {
  return path === "" ? "" : `${path.slice(1).replaceAll("/", ".")}: `;
}

function red(text: string): string {
  return styleText("red", text, { stream: process.stderr });
}
