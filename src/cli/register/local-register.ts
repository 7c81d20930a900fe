import type { Config } from "../../config/config-schema.ts";
import { isVaultError, VaultError } from "../../errors.ts";
import { progressJson, recoveryJson, statusJson, verificationJson } from "../../http/register-answers.ts";
import type { AuditEventId, TenantId } from "../../identifiers.ts";
import { formatReceipt, type Receipt } from "../../register/receipts/receipt.ts";
import type { StorageEngine } from "../../storage/engine.ts";
import type { TenantVault } from "../../vault/tenant-vault.ts";
import { openVault, type Vault } from "../../vault.ts";
import { type Disclosed, type RegisterSource, whileAsking } from "./register-source.ts";

const ASK_EVERY_MS = 200;

/** `look` waits until the register is verified, `watch` does not, `mend` may also get from its peers what is damaged. */
export type LocalUse = "look" | "watch" | "mend";

export interface LocalOptions {
  readonly engines: readonly StorageEngine[];
  /** The default tenant without it. */
  readonly tenantId: TenantId | undefined;
  readonly use: LocalUse;
  /** Is told the key of the first administrator when the vault turns out to be new: there is no way to read it later. */
  readonly onFirstKey: (key: string) => void;
}

/** Opens the vault that the configuration describes for a single use: nothing is migrated and nothing sealed. */
export async function openLocalRegister(config: Config, options: LocalOptions): Promise<RegisterSource> {
  const vault = await openForUse(config, options);
  if (vault.generatedKey !== null) options.onFirstKey(vault.generatedKey);
  const tenant = vault.tenant(options.tenantId ?? vault.defaultTenantId);
  return {
    status: async () => statusJson(await tenant.register.status()),
    async verify(onProgress) {
      const { register } = tenant;
      const ask = async () => {
        const found = await register.glance();
        return found?.progress && progressJson(found.progress);
      };
      return verificationJson(await whileAsking(register.verify(), ask, { everyMs: ASK_EVERY_MS, onProgress }));
    },
    recover: async () => recoveryJson(await tenant.register.recover()),
    receipt: async (id, disclosed) => formatReceipt(await receiptOf(tenant, id, disclosed)),
    [Symbol.asyncDispose]: () => vault[Symbol.asyncDispose](),
  };
}

async function openForUse(config: Config, { engines, use }: LocalOptions): Promise<Vault> {
  const { register, storage } = config;
  const settings = {
    enabled: false,
    startupStrategy: use === "watch" ? "progressive" : "blocking",
    peers: use === "mend" ? register.peers : [],
  } as const;
  try {
    const adapted = { ...config, storage: withoutMigration(storage), register: { ...register, ...settings } };
    return await openVault(adapted, { engines });
  } catch (error) {
    if (!isVaultError(error, "data_directory_in_use")) throw error;
    throw new VaultError("data_directory_in_use", error.message, {
      cause: error,
      details: error.details,
      hint: `Ask the server that has it open, such as with \`--url http://127.0.0.1:${config.http.port} --key KEY\`.`,
    });
  }
}

function withoutMigration(storage: Config["storage"]): Config["storage"] {
  const { relational } = storage.warm;
  if (relational.engine !== "postgres") return storage;
  const postgres = { ...relational.postgres, migrateAtStart: false };
  return { ...storage, warm: { ...storage.warm, relational: { ...relational, postgres } } } as Config["storage"];
}

async function receiptOf(tenant: TenantVault, id: string, disclosed: Disclosed): Promise<Omit<Receipt, "format">> {
  const { register } = tenant;
  if (!id.includes("-")) return await register.receipt(id);
  const eventId = id as AuditEventId;
  if (disclosed !== "nothing") {
    const found = await register.receiptOfEvent(eventId, { withValue: disclosed === "value" });
    if (found) return found;
  } else if (await tenant.audit.get(eventId)) {
    const seal = (await tenant.seals.ofEvents([eventId])).get(eventId);
    if (seal?.status === "sealed") return await register.receipt(seal.transactionId);
    throw new VaultError("event_not_sealed", "The event is not sealed yet.");
  }
  throw new VaultError("audit_event_not_found", "The journal has no such event.");
}
