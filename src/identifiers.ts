import { randomBytes } from "node:crypto";

type Id<Name extends string> = string & { readonly __brand: Name };

export type TenantId = Id<"TenantId">;
export type CustomerId = Id<"CustomerId">;
/** A field version or an asset: both are nodes of the lineage graph. */
export type ItemId = Id<"ItemId">;
export type AgentId = Id<"AgentId">;
export type ScenarioId = Id<"ScenarioId">;
export type StepId = Id<"StepId">;
export type FieldDefinitionId = Id<"FieldDefinitionId">;
export type RequirementId = Id<"RequirementId">;
export type ApiKeyId = Id<"ApiKeyId">;
export type MergeId = Id<"MergeId">;
export type AuditEventId = Id<"AuditEventId">;
export type ConsentId = Id<"ConsentId">;
export type SessionId = Id<"SessionId">;
export type WalletId = Id<"WalletId">;
export type WalletGrantId = Id<"WalletGrantId">;
export type MigrationPlanId = Id<"MigrationPlanId">;

/** Where new ids and secrets come from; tests inject a seeded one. */
export interface IdGenerator {
  /** A fresh UUID, later ids sorting after earlier ones of the same generator. */
  uuid<T extends string>(): T;
  bytes(length: number): Uint8Array;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Lower-case hyphenated form only, which is what every engine returns. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** When a UUID of version 7 was made, in milliseconds since 1970; `undefined` for another text. */
export function uuidV7Ms(text: string): number | undefined {
  return isUuid(text) && text[14] === "7" ? Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16) : undefined;
}

/**
 * UUID version 7 (RFC 9562, section 5.7), monotonic within one generator: ids made in the same
 * millisecond count up in the 12 bits after the timestamp (method 1 of section 6.2).
 */
export class UuidV7Generator implements IdGenerator {
  #lastMs = 0;
  #counter = 0;
  readonly #nowMs: () => number;
  readonly #randomBytes: (length: number) => Uint8Array;

  constructor(options: { nowMs?: () => number; randomBytes?: (length: number) => Uint8Array } = {}) {
    this.#nowMs = options.nowMs ?? Date.now;
    this.#randomBytes = options.randomBytes ?? randomBytes;
  }

  uuid<T extends string>(): T {
    const nowMs = this.#nowMs();
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#counter = 0;
    } else if (++this.#counter > 0xfff) {
      this.#lastMs++;
      this.#counter = 0;
    }
    const time = this.#lastMs.toString(16).padStart(12, "0");
    const sequence = this.#counter.toString(16).padStart(3, "0");
    const random = this.#randomBytes(8);
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const tail = Buffer.from(random).toString("hex");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${tail.slice(0, 4)}-${tail.slice(4)}` as T;
  }

  bytes(length: number): Uint8Array {
    return this.#randomBytes(length);
  }
}
