import type { FastifyInstance } from "fastify";
import type { Config } from "../../config/config-schema.ts";
import { VaultError } from "../../errors.ts";
import { REFERENCE_PATH } from "../../http/reference-path.ts";
import type { StorageEngine } from "../../storage/engine.ts";
import { createTelemetry } from "../../telemetry/telemetry.ts";
import { openVault, type Vault, type VaultDependencies } from "../../vault.ts";
import { closeWithin } from "../close-within.ts";
import type { Command, CommandContext, OptionValues } from "../command.ts";
import { loadCommandConfig } from "../load-command-config.ts";
import { programVersion } from "../program-version.ts";
import { stopSignal } from "../stop-signal.ts";

export const serve: Command = {
  name: "serve",
  usage: "",
  summary: "Run the vault with its HTTP API until SIGTERM or SIGINT; the default",
  options: {},
  run: (_arguments, options, context) => runServer(options, context, {}),
};

/** Runs a vault with its API until the process is told to stop. */
export async function runServer(
  options: OptionValues,
  context: CommandContext,
  dependencies: Pick<VaultDependencies, "replicaOf">,
): Promise<void> {
  const { config, engines } = await loadCommandConfig(options, context);
  const stopped = stopSignal();
  const telemetry = createTelemetry(config.log);
  // The embedded database starts in a thread of its own; the web framework is loaded meanwhile.
  const http = import("../../http/create-server.ts");
  try {
    const vault = await openVault(config, {
      ...telemetry,
      ...dependencies,
      engines: engines as readonly StorageEngine[],
    });
    try {
      const { createServer } = await http;
      const server = await createServer({ vault, telemetry, version: programVersion() });
      const url = await listen(server, config);
      const { registerId } =
        (dependencies.replicaOf && (await vault.tenant(vault.defaultTenantId).register.glance())) ?? {};
      printStart({ vault, url, copied: registerId }, context);
      telemetry.logger.info({ signal: await stopped }, "stopping");
      await closeWithin(server, config.http.shutdownTimeoutMs);
    } finally {
      await vault[Symbol.asyncDispose]();
    }
    telemetry.logger.info({}, "stopped");
  } finally {
    await telemetry[Symbol.asyncDispose]();
  }
}

async function listen(server: FastifyInstance, { http: { host, port } }: Config): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const reason = LISTEN_ERRORS[(cause as NodeJS.ErrnoException).code ?? ""];
    if (!reason) throw cause;
    const error = { path: reason.path, code: "unusable", message: `${host} ${port}: ${reason.message}` };
    throw new VaultError("invalid_configuration", "The server cannot listen.", { errors: [error], hint: reason.hint });
  }
}

const OTHER_PORT = "Stop the other program, or choose another port with PORT.";
const OTHER_HOST = "Choose an address of this machine with STRONGROOM__HTTP__HOST.";

const LISTEN_ERRORS: Readonly<Record<string, { path: string; message: string; hint: string }>> = {
  EADDRINUSE: { path: "/http/port", message: "another program listens there", hint: OTHER_PORT },
  EACCES: { path: "/http/port", message: "this user may not listen there", hint: "Choose a port from 1024 on." },
  EADDRNOTAVAIL: { path: "/http/host", message: "not an address of this machine", hint: OTHER_HOST },
  ENOTFOUND: { path: "/http/host", message: "no such host", hint: OTHER_HOST },
};

interface Started {
  readonly vault: Vault;
  readonly url: string;
  /** The register that is copied. */
  readonly copied: string | undefined;
}

function printStart({ vault, url, copied }: Started, context: CommandContext): void {
  const { generatedKey, engines } = vault;
  const version = programVersion();
  if (context.isJson) {
    const started = { event: "listening", version, storage: vault.engine, engines, url, generatedKey };
    context.print(JSON.stringify(copied === undefined ? started : { ...started, replicaOf: copied }));
    return;
  }
  const lines = [
    `Strongroom ${version}`,
    ...storageLines(vault),
    `  API        ${url}`,
    `  reference  ${url}${REFERENCE_PATH}`,
  ];
  if (copied !== undefined) lines.push(`  copy of    register ${copied}`);
  if (generatedKey !== null) {
    lines.push(
      `  API key    ${generatedKey}`,
      "             Administrator of the default tenant. Keep it: it is not shown again.",
    );
  }
  context.print(lines.join("\n"));
}

/** Where the vault keeps things; tiers that are where one expects them need no line. */
function storageLines({ engine, engines, config }: Vault): string[] {
  const storage = {
    "in-memory": "this process's memory: everything is forgotten at the end",
    pglite: `embedded PostgreSQL in ${config.dataDirectory}`,
    postgres: "PostgreSQL server",
  }[engine];
  const others = [
    { label: "cache", engine: engines.hot, expected: "in-memory" },
    { label: "documents", engine: engines.documents, expected: engine },
    { label: "records", engine: engines.cold, expected: engine },
  ].filter((tier) => tier.engine !== tier.expected);
  return [`  storage    ${storage}`, ...others.map(({ label, engine: name }) => `  ${label.padEnd(11)}${name}`)];
}
