import type { Method } from "./caller.ts";
import type { TenantCallers } from "./world.ts";

export interface RegisterFixture {
  /** Sealed at height 0 and above; the event of the newest one. */
  readonly eventId: string;
  readonly registerId: string;
  /** What the event is sealed with. */
  readonly transactionId: string;
  readonly docketHash: string;
}

type EventPage = {
  readonly items: readonly {
    readonly id: string;
    readonly ledger: { readonly transactionId: string; height: string };
  }[];
};

/** Seals all that the tenant has done. */
export async function newSealed(callers: TenantCallers): Promise<RegisterFixture> {
  await callers.seal();
  const page = await callers.admin.get<EventPage>("/v1/audit/events?limit=1&eventType=customer_created");
  const [event] = page.expect(200).items;
  const docket = await callers.admin.get<{ hash: string }>(`/v1/register/dockets/${event?.ledger.height}`);
  const register = await callers.admin.get<{ registerId: string }>("/v1/register");
  return {
    eventId: event?.id ?? "",
    registerId: register.expect(200).registerId,
    transactionId: event?.ledger.transactionId ?? "",
    docketHash: docket.expect(200).hash,
  };
}

interface RegisterRequest {
  readonly method: Method;
  readonly url: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const get = (url: string): RegisterRequest => ({ method: "GET", url });

/** The part of `ROUTE_REQUESTS` that is about the register and what is in it. */
export const REGISTER_REQUESTS: Readonly<
  Record<string, (fixture: RegisterFixture & { readonly customerId: string }) => RegisterRequest>
> = {
  getAuditEvent: ({ eventId }) => get(`/v1/audit/events/${eventId}`),
  getRegister: () => get("/v1/register"),
  listDockets: () => get("/v1/register/dockets?from=0&limit=1"),
  getDocket: () => get("/v1/register/dockets/0?bytes=true"),
  listTransactions: ({ customerId }) => get(`/v1/register/transactions?customerId=${customerId}&limit=1`),
  getTransaction: ({ transactionId }) => get(`/v1/register/transactions/${transactionId}`),
  getTransactionProof: ({ transactionId }) => get(`/v1/register/transactions/${transactionId}/proof`),
  getEventReceipt: ({ eventId }) => get(`/v1/audit/events/${eventId}/receipt`),
  proveConsistency: () => get("/v1/register/proofs/consistency?from=1&to=1"),
  listCheckpoints: () => get("/v1/register/checkpoints?limit=1"),
  verifyRegister: () => ({ method: "POST", url: "/v1/register/verify", body: {} }),
  recoverRegister: () => ({ method: "POST", url: "/v1/register/recover", body: {} }),
  getReplicationHead: () => get("/v1/register/replication/head"),
  getReplicationDockets: ({ registerId }) =>
    get(`/v1/register/replication/dockets?from=0&to=0&registerId=${registerId}`),
};
