import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import { verifyReceipt } from "../../register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import type { StorageEngine } from "../../storage/engine.ts";
import type { Command, CommandContext, OptionValues } from "../command.ts";
import { loadCommandConfig } from "../load-command-config.ts";
import { ProgressReport } from "../progress-report.ts";
import {
  describeProgress,
  describeRecovery,
  describeStatus,
  describeVerification,
} from "../register/describe-register.ts";
import { type LocalUse, openLocalRegister } from "../register/local-register.ts";
import type { Disclosed, RegisterSource } from "../register/register-source.ts";
import { openRemoteRegister } from "../register/remote-register.ts";
import { writeOutput } from "../write-output.ts";

interface Task {
  readonly source: RegisterSource;
  readonly arguments_: readonly string[];
  readonly options: OptionValues;
  readonly context: CommandContext;
}

interface Action {
  readonly argumentCount: number;
  readonly use: LocalUse;
  run(task: Task): Promise<void>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  status: {
    argumentCount: 0,
    use: "look",
    async run({ source, context }) {
      const status = await source.status();
      context.print(context.isJson ? JSON.stringify(status) : describeStatus(status));
    },
  },
  verify: { argumentCount: 0, use: "watch", run: verifyAll },
  prove: { argumentCount: 1, use: "look", run: prove },
  recover: { argumentCount: 0, use: "mend", run: recover },
};

export const register: Command = {
  name: "register",
  usage: "status|verify|recover|prove ID [--out FILE] [--disclose event|value] [--tenant ID] [--url URL --key KEY]",
  summary:
    "Look at a register, verify every docket anew, get damaged ones back from peers, or write the receipt of an event or a transaction; with --url of a running vault",
  options: {
    out: { type: "string" },
    disclose: { type: "string" },
    tenant: { type: "string" },
    url: { type: "string" },
    key: { type: "string" },
  },
  async run([name = "status", ...arguments_], options, context) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) throw usageError(`There is no action ${name}: it is ${Object.keys(ACTIONS).join(", ")}.`);
    if (arguments_.length !== action.argumentCount) {
      throw usageError(`register ${name} takes ${action.argumentCount} arguments, not ${arguments_.length}.`);
    }
    disclosedIn(options);
    await using source = await openSource(options, context, action.use);
    await action.run({ source, arguments_, options, context });
  },
};

async function openSource(options: OptionValues, context: CommandContext, use: LocalUse): Promise<RegisterSource> {
  const { tenant } = options;
  const url = textIn(options["url"]) ?? textIn(context.environment["STRONGROOM_URL"]);
  if (url !== undefined) {
    if (tenant !== undefined) throw usageError("With --url the key says which tenant it is.");
    return remoteSource(url, textIn(options["key"]) ?? textIn(context.environment["STRONGROOM_API_KEY"]));
  }
  if (options["key"] !== undefined) throw usageError("--key goes with --url.");
  const { config, engines } = await loadCommandConfig(options, context);
  const tenantId = tenant === undefined ? undefined : tenantIn(String(tenant));
  return await openLocalRegister(config, {
    engines: engines as readonly StorageEngine[],
    tenantId,
    use,
    onFirstKey: (key) =>
      void process.stderr.write(`The vault is new. API key of its administrator, shown once: ${key}\n`),
  });
}

function remoteSource(url: string, key: string | undefined): RegisterSource {
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url)) throw usageError("--url takes http://host:port.");
  if (key === undefined) throw usageError("With --url goes --key, or STRONGROOM_API_KEY.");
  return openRemoteRegister(url, key);
}

function textIn(value: OptionValues[string]): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

async function verifyAll({ source, context }: Task): Promise<void> {
  using progress = new ProgressReport(process.stderr);
  const report = await source.verify((found) => progress.show(describeProgress(found)));
  progress[Symbol.dispose]();
  context.print(context.isJson ? JSON.stringify(report) : describeVerification(report));
  if (report.isFullyVerified) return;
  const { verifiedDocketCount, totalDocketCount } = report;
  throw new VaultError("register_damaged", `Only ${verifiedDocketCount} of ${totalDocketCount} dockets are sound.`);
}

async function recover({ source, context }: Task): Promise<void> {
  const report = await source.recover();
  context.print(context.isJson ? JSON.stringify(report) : describeRecovery(report));
  const { length } = report.remaining;
  if (length > 0) throw new VaultError("register_damaged", `${length} ranges of dockets are damaged still.`);
}

async function prove({ source, arguments_, options, context }: Task): Promise<void> {
  const id = idIn(arguments_[0] ?? "");
  const text = await source.receipt(id, disclosedIn(options));
  // A server that is asked could answer with anything.
  const { registerId } = JSON.parse(text) as { readonly registerId: string };
  const verdict = verifyReceipt(text, { registerId }, NODE_SIGNATURE_SUITES);
  if (!verdict.isValid) throw new VaultError("receipt_not_valid", `The receipt proves nothing: ${verdict.reason}`);
  const { out } = options;
  if (typeof out !== "string") return context.print(text.trimEnd());
  await writeOutput(out, text, context);
  const { txId, height } = verdict;
  const written = { file: out, registerId, transactionId: txId, height: height.toString() };
  context.print(context.isJson ? JSON.stringify(written) : describeWritten(written));
}

function describeWritten({ file, registerId, transactionId, height }: Readonly<Record<string, string>>): string {
  return [
    `${file} proves transaction ${transactionId}, at height ${height}. Whoever has the register's id can check it:`,
    `  strongroom verify ${file} --register ${registerId}`,
  ].join("\n");
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function idIn(text: string): string {
  const id = text.toLowerCase();
  if (UUID.test(id) || /^[0-9a-f]{64}$/.test(id)) return id;
  throw usageError("prove takes the id of an event (a UUID) or of a transaction (64 hexadecimal digits).");
}

function tenantIn(text: string): TenantId {
  const id = text.toLowerCase();
  if (UUID.test(id)) return id as TenantId;
  throw usageError("--tenant takes the id of a tenant, a UUID.");
}

function disclosedIn({ disclose = "nothing" }: OptionValues): Disclosed {
  if (disclose === "nothing" || disclose === "event" || disclose === "value") return disclose;
  throw usageError("--disclose takes event or value.");
}

function usageError(message: string): VaultError {
  return new VaultError("invalid_request", message, { hint: "See `strongroom help`." });
}
