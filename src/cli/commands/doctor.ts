import { styleText } from "node:util";
import { isVaultError } from "../../errors.ts";
import type { StorageEngine } from "../../storage/engine.ts";
import { diagnose, type TierDiagnosis } from "../../vault/diagnose.ts";
import { startFailure, type TierFailure } from "../../vault/start-failure.ts";
import type { Command } from "../command.ts";
import { loadCommandConfig } from "../load-command-config.ts";

export const doctor: Command = {
  name: "doctor",
  usage: "",
  summary: "Check the configuration, ask every storage tier for a sign of life, and say what to do",
  options: {},
  async run(_arguments, options, context) {
    const { config, engines } = await loadCommandConfig(options, context);
    const found = await diagnose({ config, engines: engines as readonly StorageEngine[] });
    context.print(context.isJson ? JSON.stringify(found.map(withoutFailure)) : found.map(linesOf).join("\n"));
    const failures = found.flatMap(({ status, failure }) => (status === "failed" && failure ? [failure] : []));
    if (failures.length > 0) throw startFailure(failures as [TierFailure]);
  },
};

function withoutFailure({ failure, ...diagnosis }: TierDiagnosis) {
  return { ...diagnosis, code: isVaultError(failure?.error) ? failure.error.code : null };
}

const COLOURS = { ok: "green", warning: "yellow", failed: "red" } as const;

function linesOf({ tier, engine, status, latencyMs, message, hint }: TierDiagnosis): string {
  const took = latencyMs === null ? "" : ` in ${latencyMs} ms`;
  const mark = styleText(COLOURS[status], status.padEnd(8), { stream: process.stdout });
  const line = `${mark}${tier.padEnd(11)}${engine.padEnd(10)}${message}${took}`;
  return hint === null ? line : `${line}\n${" ".repeat(8)}${hint}`;
}
