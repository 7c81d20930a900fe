import type { FastifyRequest } from "fastify";
import { addMs, type Clock } from "../clock.ts";
import { isVaultError, VaultError } from "../errors.ts";
import type { IdGenerator } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { canonicalJson } from "../signatures/canonical-json.ts";
import { IDEMPOTENCY_TTL_MS, type IdempotencyRecord } from "../tenants/idempotency-store.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import type { Answer } from "./route.ts";
import { deriveIdempotencySecrets, type IdempotencySecrets, openAnswer, sealAnswer } from "./sealed-answer.ts";

export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;

const KEY = /^[\x21-\x7e]{1,255}$/;
const REPLAYED = { "idempotency-replayed": "true" };

/** The request's `Idempotency-Key`, or `undefined` without one. Throws `invalid_request` when it is unfit. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && KEY.test(key)) return key;
  const message = `Expected 1 to ${IDEMPOTENCY_KEY_LENGTH_MAX} visible ASCII characters`;
  const error = { path: "/idempotency-key", code: "invalid_format", message, in: "header" } as const;
  throw new VaultError("invalid_request", "The header Idempotency-Key is unfit.", { errors: [error] });
}

export interface IdempotentCall {
  readonly vault: TenantVault;
  readonly key: string;
  readonly request: FastifyRequest;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/**
 * Does the work once for an idempotency key, in one transaction with the record of its answer. The first use
 * works and keeps the answer if it is a success; anything else is rolled back and not kept. A repeat within 24 hours
 * gets the kept answer. Concurrent repeats wait for the first to end.
 *
 * Rejects with `idempotency_key_reused` when the key came with another request, and with `idempotency_key_in_use`
 * when the first one did not end within the deadline of a statement.
 */
export async function answerOnce(call: IdempotentCall, work: (vault: TenantVault) => Promise<Answer>): Promise<Answer> {
  const secrets = deriveIdempotencySecrets(call.vault.tenantId, call.key, requestText(call));
  let failure: Answer | undefined;
  try {
    return await call.vault.transaction(async (vault) => {
      const earlier = await begin(vault, call, secrets);
      if (earlier) return replay(earlier, secrets);
      const answer = await work(vault);
      if (answer.status >= 300) {
        failure = answer;
        throw new VaultError("aborted", "Only successes are kept.");
      }
      const { replayBody = answer.body, ...kept } = answer;
      const sealed = sealAnswer({ ...kept, body: replayBody }, secrets, call.ids);
      await vault.idempotency.complete(secrets.keyHash, sealed);
      return answer;
    });
  } catch (error) {
    if (failure) return failure;
    throw error;
  }
}

async function begin(
  vault: TenantVault,
  { clock }: IdempotentCall,
  { keyHash, fingerprint }: IdempotencySecrets,
): Promise<IdempotencyRecord | undefined> {
  const now = clock.now();
  try {
    return await vault.idempotency.begin({ keyHash, fingerprint, now, expiresAt: addMs(now, IDEMPOTENCY_TTL_MS) });
  } catch (error) {
    if (!isVaultError(error, "storage_timeout")) throw error;
    throw new VaultError("idempotency_key_in_use", "The first request with this key is still running.", {
      cause: error,
    });
  }
}

function replay(earlier: IdempotencyRecord, secrets: IdempotencySecrets): Answer {
  if (earlier.fingerprint !== secrets.fingerprint) {
    throw new VaultError("idempotency_key_reused", "The idempotency key was used for another request.");
  }
  if (earlier.response === null) {
    throw new VaultError("idempotency_key_in_use", "The first request with this key is still running.");
  }
  const answer = openAnswer(earlier.response, secrets);
  return { ...answer, headers: { ...answer.headers, ...REPLAYED } };
}

/** The role is part of it, because it decides what of an answer may be seen. */
function requestText({ vault, key, request }: IdempotentCall): string {
  const { method, url, headers, body } = request;
  const parts = [key, method, url, vault.context.actor.role, headers["if-match"] ?? null, (body as JsonValue) ?? null];
  return canonicalJson(parts);
}
