import type { AuditEvent, AuditEventType } from "../../src/audit/audit-event.ts";
import type { Asset } from "../../src/profiles/asset.ts";
import type { FieldWriteAnswer } from "../../src/profiles/field-service.ts";
import type { PassReport } from "../../src/profiles/lifecycle-service.ts";
import type { FieldView, Profile } from "../../src/profiles/profile-view.ts";
import type { Caller, Reply } from "./caller.ts";
import { type UploadOptions, uploadBody } from "./multipart.ts";
import type { TenantCallers } from "./world.ts";

export interface FieldToWrite {
  readonly name: string;
  readonly value: unknown;
  readonly [member: string]: unknown;
}

export interface WriteOptions {
  readonly agentId?: string;
  readonly mode?: string;
}

let count = 0;

/** A UUID that no other call returns, with the count in its last digits. */
export function uuid(): string {
  return `01a00000-0000-7000-8000-${(++count).toString(16).padStart(12, "0")}`;
}

/** The smallest body that registers an asset whose bytes are held elsewhere. */
export function registration(members: object = {}): object {
  return {
    name: "contract",
    assetType: "pdf",
    mimeType: "application/pdf",
    storageProvider: "s3",
    storagePath: "bucket/contract.pdf",
    sizeBytes: 10,
    checksum: "a".repeat(64),
    ...members,
  };
}

/** A customer that was not there before. */
export async function newCustomer(callers: TenantCallers, keys?: object): Promise<TestCustomer> {
  const body = keys ?? { channelIdentity: { channel: "webchat", channelUserId: `visitor-${++count}` } };
  const { customerId } = (await callers.agent.post<Profile>("/v1/customers", body)).expect(201);
  return new TestCustomer(callers, customerId);
}

/** What the tests do with a customer again and again; all of it is expected to succeed. */
export class TestCustomer {
  readonly id: string;
  readonly url: string;
  readonly #callers: TenantCallers;

  constructor(callers: TenantCallers, id: string) {
    this.#callers = callers;
    this.id = id;
    this.url = `/v1/customers/${id}`;
  }

  /** @param query with its question mark */
  async profile(query = "", caller: Caller = this.#callers.agent): Promise<Profile> {
    return (await caller.get<Profile>(this.url + query)).expect(200);
  }

  /** Writes fields, by default as something the customer said, without expecting success. */
  tryWrite(fields: readonly object[], options: WriteOptions = {}): Promise<Reply<FieldWriteAnswer>> {
    const body = { ...options, fields: fields.map((field) => ({ source: "user_provided", ...field })) };
    return this.#callers.agent.post<FieldWriteAnswer>(`${this.url}/fields`, body);
  }

  /** The stored versions in the order of the request. */
  async write(fields: readonly FieldToWrite[], options?: WriteOptions): Promise<FieldView[]> {
    const { results } = (await this.tryWrite(fields, options)).expect(200);
    return results.map(({ field }) => field as FieldView);
  }

  async writeOne(field: FieldToWrite, options?: WriteOptions): Promise<FieldView> {
    return (await this.write([field], options))[0] as FieldView;
  }

  /** Each time with other bytes, unless they are given. */
  async upload(options: Partial<UploadOptions> = {}): Promise<Asset> {
    const body = uploadBody({ bytes: `bytes ${++count}`, ...options });
    return (await this.#callers.agent.send<Asset>("POST", `${this.url}/assets`, body)).expect(201);
  }

  async register(members: object = {}): Promise<Asset> {
    return (await this.#callers.agent.post<Asset>(`${this.url}/assets`, registration(members))).expect(201);
  }

  async asset(id: string): Promise<Asset> {
    return (await this.#callers.agent.get<Asset>(`${this.url}/assets/${id}`)).expect(200);
  }

  async deleteAsset(id: string): Promise<void> {
    (await this.#callers.steward.delete(`${this.url}/assets/${id}`)).expect(204);
  }

  async deleteField(name: string): Promise<void> {
    (await this.#callers.steward.delete(`${this.url}/fields/${name}`)).expect(200);
  }

  async field(name: string, status = "active"): Promise<FieldView> {
    return (await this.#callers.agent.get<FieldView>(`${this.url}/fields/${name}?status=${status}`)).expect(200);
  }

  /** Newest first, without what the register says of them. */
  async history(name: string): Promise<readonly FieldView[]> {
    const url = `${this.url}/fields/${name}/history?limit=100`;
    const reply = await this.#callers.agent.get<{ items: readonly (FieldView & { seal: unknown })[] }>(url);
    return reply.expect(200).items.map(({ seal: _, ...field }) => field);
  }

  /** The latest hundred of the customer, newest first. */
  async events(eventType?: AuditEventType): Promise<readonly AuditEvent[]> {
    const query = new URLSearchParams({ limit: "100", customerId: this.id, ...(eventType && { eventType }) });
    const reply = await this.#callers.steward.get<{ items: readonly AuditEvent[] }>(
      `/v1/audit/events?${query.toString()}`,
    );
    return reply.expect(200).items;
  }

  detectOrphans(): Promise<PassReport> {
    return this.#pass("detect-orphans");
  }

  expireStale(): Promise<PassReport> {
    return this.#pass("expire-stale");
  }

  async #pass(name: string): Promise<PassReport> {
    const url = `/v1/admin/profiles/${name}?customerId=${this.id}`;
    return (await this.#callers.steward.post<PassReport>(url)).expect(200);
  }
}
