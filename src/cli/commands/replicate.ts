import { VaultError } from "../../errors.ts";
import { HttpRegisterPeer } from "../../register/recovery/http-peer.ts";
import type { ReplicaSource } from "../../register/replication/begin-replica.ts";
import { systemTimers } from "../../storage/resilience/timers.ts";
import type { Command, CommandContext, OptionValues } from "../command.ts";
import { runServer } from "./serve.ts";

export const replicate: Command = {
  name: "replicate",
  usage: "--from URL [--key KEY] [--register ID] [--verifier TEXT]",
  summary:
    "Run a vault that keeps a verified copy of another vault's register, and serves it; the key may be in STRONGROOM_REPLICATE_KEY",
  options: {
    from: { type: "string" },
    key: { type: "string" },
    register: { type: "string" },
    verifier: { type: "string" },
  },
  async run(_arguments, options, context) {
    await runServer(options, context, { replicaOf: sourceIn(options, context) });
  },
};

function sourceIn(options: OptionValues, { environment }: CommandContext): ReplicaSource {
  const { from, register: registerId, verifier } = options;
  const key = textIn(options["key"]) ?? textIn(environment["STRONGROOM_REPLICATE_KEY"]);
  if (typeof from !== "string" || !isAddress(from)) {
    throw new VaultError("invalid_request", "--from is the address of a vault, such as https://other.example:8420.");
  }
  if (registerId !== undefined && !/^[0-9a-f]{32}$/.test(String(registerId))) {
    throw new VaultError("invalid_request", "--register is the id of a register: 32 hexadecimal digits.");
  }
  return {
    peer: new HttpRegisterPeer({ url: from, key, timers: systemTimers }),
    registerId: textIn(registerId),
    verifier: textIn(verifier),
  };
}

function textIn(value: OptionValues[string]): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
