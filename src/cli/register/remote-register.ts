import { ERROR_CODES, type ErrorCode } from "../../codes.ts";
import { isVaultError, VaultError } from "../../errors.ts";
import type { Problem } from "../../http/problem.ts";
import type { RecoveryReportJson, RegisterStatusJson, VerificationReportJson } from "../../http/register-answers.ts";
import { formatReceipt, type Receipt } from "../../register/receipts/receipt.ts";
import { askServer, type Question } from "./ask-server.ts";
import { type Disclosed, type RegisterSource, type VerificationProgress, whileAsking } from "./register-source.ts";

export interface RemoteOptions {
  /** How long the answer to a short question may take. */
  readonly answerMs: number;
  /** How long the server may answer nothing at all while it does what takes long. */
  readonly silenceMs: number;
  readonly askEveryMs: number;
}

const OPTIONS: RemoteOptions = { answerMs: 60_000, silenceMs: 300_000, askEveryMs: 1_000 };

/** A running vault, asked over HTTP. The key says whose register it is. Throws `invalid_request` when it can be none. */
export function openRemoteRegister(url: string, key: string, options = OPTIONS): RegisterSource {
  if (!/^[\x21-\x7e]+$/.test(key)) throw new VaultError("invalid_request", "An API key has visible characters only.");
  const { answerMs: withinMs } = options;
  const get = <T>(path: string) => ask<T>({ url, key, path, withinMs });
  const status = () => get<RegisterStatusJson>("/v1/register");
  /** Takes as long as it takes, unless the server is not heard of any more. */
  const take = <T>(path: string, onProgress: (progress: VerificationProgress) => void) => {
    const listener = new Listener(status, options.silenceMs);
    const work = ask<T>({ url, key, path, body: {}, signal: listener.signal });
    return whileAsking(work, () => listener.progress(), { everyMs: options.askEveryMs, onProgress });
  };
  return {
    status,
    verify: (onProgress) => take<VerificationReportJson>("/v1/register/verify", onProgress),
    recover: () => take<RecoveryReportJson>("/v1/register/recover", () => undefined),
    receipt: async (id, disclosed) => formatReceipt(await get<Receipt>(await receiptPath(id, disclosed, get))),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Asks a server for its status, and gives up what is waited for when it has not answered for too long. */
class Listener {
  readonly #gone = new AbortController();
  readonly #status: () => Promise<RegisterStatusJson>;
  readonly #silenceMs: number;
  #heardMs = performance.now();

  constructor(status: () => Promise<RegisterStatusJson>, silenceMs: number) {
    this.#status = status;
    this.#silenceMs = silenceMs;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  async progress(): Promise<VerificationProgress | null> {
    try {
      const { state } = await this.#status();
      this.#heardMs = performance.now();
      return state.progress;
    } catch (error) {
      // A refusal is an answer.
      if (!isVaultError(error, "server_unreachable")) this.#heardMs = performance.now();
      else if (performance.now() - this.#heardMs >= this.#silenceMs) this.#gone.abort();
      throw error;
    }
  }
}

type AuditEventAnswer = { readonly ledger: { readonly status: string; readonly transactionId?: string } };

async function receiptPath(id: string, disclosed: Disclosed, get: <T>(path: string) => Promise<T>): Promise<string> {
  if (!id.includes("-")) return `/v1/register/transactions/${id}/proof`;
  if (disclosed !== "nothing") return `/v1/audit/events/${id}/receipt?disclose=${disclosed}`;
  const { ledger } = await get<AuditEventAnswer>(`/v1/audit/events/${id}`);
  if (ledger.transactionId !== undefined) return `/v1/register/transactions/${ledger.transactionId}/proof`;
  throw new VaultError("event_not_sealed", "The event is not sealed yet.");
}

async function ask<T>(question: Question): Promise<T> {
  const { status, body } = await askServer(question);
  if (status >= 200 && status < 300 && body !== undefined) return body as T;
  throw problemIn(body, `${question.url} answers with ${status}, and not as Strongroom does.`);
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
