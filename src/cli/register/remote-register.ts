import { ERROR_CODES, type ErrorCode } from "../../codes.ts";
import { VaultError } from "../../errors.ts";
import type { Problem } from "../../http/problem.ts";
import type { RecoveryReportJson, RegisterStatusJson, VerificationReportJson } from "../../http/register-answers.ts";
import { formatReceipt, type Receipt } from "../../register/receipts/receipt.ts";
import { type Disclosed, type RegisterSource, whileAsking } from "./register-source.ts";

const ASK_EVERY_MS = 1_000;

/** A running vault, asked over HTTP. The key says whose register it is. */
export function openRemoteRegister(url: string, key: string): RegisterSource {
  const get = <T>(path: string) => ask<T>({ url, key, path });
  const status = () => get<RegisterStatusJson>("/v1/register");
  return {
    status,
    verify(onProgress) {
      const work = ask<VerificationReportJson>({ url, key, path: "/v1/register/verify", body: {} });
      const progress = async () => (await status()).state.progress;
      return whileAsking(work, progress, { everyMs: ASK_EVERY_MS, onProgress });
    },
    recover: () => ask<RecoveryReportJson>({ url, key, path: "/v1/register/recover", body: {} }),
    receipt: async (id, disclosed) => formatReceipt(await get<Receipt>(await receiptPath(id, disclosed, get))),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

type AuditEventAnswer = { readonly ledger: { readonly status: string; readonly transactionId?: string } };

async function receiptPath(id: string, disclosed: Disclosed, get: <T>(path: string) => Promise<T>): Promise<string> {
  if (!id.includes("-")) return `/v1/register/transactions/${id}/proof`;
  if (disclosed !== "nothing") return `/v1/audit/events/${id}/receipt?disclose=${disclosed}`;
  const { ledger } = await get<AuditEventAnswer>(`/v1/audit/events/${id}`);
  if (ledger.transactionId !== undefined) return `/v1/register/transactions/${ledger.transactionId}/proof`;
  throw new VaultError("event_not_sealed", "The event is not sealed yet.");
}

interface Question {
  readonly url: string;
  readonly key: string;
  readonly path: string;
  readonly body?: object;
}

async function ask<T>({ url, key, path, body }: Question): Promise<T> {
  const response = await fetched(new URL(path, url), {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
    redirect: "error",
  });
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as T;
  throw problemIn(answer, `${url} answers with ${response.status}, and not as Strongroom does.`);
}

async function fetched(url: URL, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, options);
  } catch (cause) {
    throw new VaultError("server_unreachable", `${url.origin} does not answer.`, { cause });
  }
}

/** What the server says went wrong, as the error that it is there. */
function problemIn(answer: unknown, otherwise: string): VaultError {
  const { code, detail, hint, errors, ...rest } = (answer ?? {}) as Partial<Problem>;
  if (typeof code !== "string" || !Object.hasOwn(ERROR_CODES, code)) {
    return new VaultError("server_unreachable", otherwise, {
      hint: "Check that the address is that of a Strongroom, and not older than this program.",
    });
  }
  const { type: _, title: __, status: ___, retryable: ____, ...details } = rest;
  return new VaultError(code as ErrorCode, detail ?? "The server refuses.", {
    details,
    ...(hint !== undefined && { hint }),
    ...(errors && { errors: errors.map(({ path, code: problem, message }) => ({ path, code: problem, message })) }),
  });
}
