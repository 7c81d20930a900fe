import type { RecoveryReportJson, RegisterStatusJson, VerificationReportJson } from "../../http/register-answers.ts";

/** How far a verification is. */
export type VerificationProgress = NonNullable<RegisterStatusJson["state"]["progress"]>;

/** What of a receipt is shown: nothing but the proof, the event, or the event and its value. */
export type Disclosed = "nothing" | "event" | "value";

/** Where the commands about a register get their answers: this process's own vault, or a running one. */
export interface RegisterSource extends AsyncDisposable {
  status(): Promise<RegisterStatusJson>;
  /** Verifies every docket anew. */
  verify(onProgress: (progress: VerificationProgress) => void): Promise<VerificationReportJson>;
  /** Gets damaged dockets back from the peers. */
  recover(): Promise<RecoveryReportJson>;
  /**
   * The text of the receipt of an event (a UUID) or of a transaction (64 hexadecimal digits). Rejects with
   * `audit_event_not_found`, `transaction_not_found`, `event_not_sealed`, `forbidden`.
   */
  receipt(id: string, disclosed: Disclosed): Promise<string>;
}

/** Calls back with what is known of the progress while the work runs, some times in each second. */
export async function whileAsking<T>(
  work: Promise<T>,
  ask: () => Promise<VerificationProgress | null | undefined>,
  { everyMs, onProgress }: { readonly everyMs: number; readonly onProgress: (found: VerificationProgress) => void },
): Promise<T> {
  let isAsked = false;
  const timer = setInterval(() => {
    if (isAsked) return;
    isAsked = true;
    // How far it is matters less than that it goes on.
    ask().then(
      (progress) => {
        isAsked = false;
        if (progress) onProgress(progress);
      },
      () => {
        isAsked = false;
      },
    );
  }, everyMs);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
