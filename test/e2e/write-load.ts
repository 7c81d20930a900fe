import { createHash } from "node:crypto";
import type { Asset } from "../../src/profiles/asset.ts";
import type { FieldWriteAnswer } from "../../src/profiles/field-service.ts";
import type { FieldView, Profile } from "../../src/profiles/profile-view.ts";
import { seededBytes } from "../../src/testing/seeded-ids.ts";
import { uploadBody } from "../integration/multipart.ts";
import { type HttpAnswer, type HttpApi, jsonOf, type WriteRequest } from "./http-api.ts";

const AGENT = "0a1b2c3d-0000-4000-8000-000000000001";
/** Few, so that writers of the same customer and of the same name meet. */
const CUSTOMERS_MAX = 24;
const FIELD_NAMES = ["legal_name", "occupation", "address", "document_number"];
const BYTES_MAX = 20_000;
/** One answer in so many is lost on its way: the client does not know that its request was done. */
const LOST_ONE_IN = 25;

interface Source {
  readonly type: string;
  readonly id: string;
  readonly metadata: object;
}

interface WrittenCustomer {
  readonly kind: "customer";
  readonly channelUserId: string;
}
interface WrittenFields {
  readonly kind: "fields";
  readonly customerId: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly sources: readonly Source[] }[];
}
interface WrittenAsset {
  readonly kind: "asset";
  readonly customerId: string;
  readonly checksum: string;
  readonly sources: readonly Source[];
}

/** A request of the load, and what it is to leave behind. */
export type LoadRequest = WriteRequest & { readonly wanted: WrittenCustomer | WrittenFields | WrittenAsset };

/** What the server confirmed, by id. */
export interface Acknowledged {
  readonly customers: Map<string, WrittenCustomer>;
  readonly fields: Map<string, { readonly customerId: string; readonly sent: WrittenFields["fields"][number] }>;
  readonly assets: Map<string, WrittenAsset>;
}

/** Definitions that the load writes under: one of its fields is encrypted. */
export async function defineLoadFields(api: HttpApi): Promise<void> {
  const path = `/v1/agents/${AGENT}/field-definitions/document_number`;
  jsonOf(await api.put(path, { valueType: "string", encryptionRequired: true, isPii: true }), 200, 201);
}

/** Clients that write without a pause, each write with an idempotency key, and remember what was confirmed. */
export class WriteLoad {
  readonly acknowledged: Acknowledged = { customers: new Map(), fields: new Map(), assets: new Map() };
  /** Requests whose outcome the client does not know. */
  readonly open = new Set<LoadRequest>();
  /** Answers that were neither a success nor a broken connection. */
  readonly refusals: HttpAnswer[] = [];
  writes = 0;
  /** Open requests whose success the server told nobody but this account: a repeat has to get the same answer. */
  readonly lost = new Map<LoadRequest, HttpAnswer>();
  /** Open requests that were done already when they were repeated. */
  foundDone = 0;
  readonly #bytes: (length: number) => Uint8Array;
  readonly #sources = new Map<string, Source[]>();
  #count = 0;
  #goal: { readonly writes: number; readonly reached: () => void } | undefined;

  constructor(seed: number) {
    this.#bytes = seededBytes(seed);
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    return Buffer.from(this.#bytes(4)).readUInt32LE() % limit;
  }

  /** Resolves when that many more writes are confirmed. */
  confirmed(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.#goal = { writes: this.writes + more, reached: resolve };
    });
  }

  /** Each client goes on until its connection breaks or it is refused. */
  async run(api: HttpApi, clients: number): Promise<void> {
    const client = async () => {
      while (await this.attempt(api, this.nextRequest()));
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** Sends one request and keeps account of it. Whether the server did it. */
  async attempt(api: HttpApi, request: LoadRequest): Promise<boolean> {
    this.open.add(request);
    const answer = await api.write(request).catch(() => undefined);
    if (answer && answer.status < 300) {
      if (this.below(LOST_ONE_IN) === 0) this.lost.set(request, answer);
      else this.confirm(request, answer);
      return true;
    }
    if (answer) this.refusals.push(answer);
    return false;
  }

  confirm(request: LoadRequest, answer: HttpAnswer): void {
    this.open.delete(request);
    this.lost.delete(request);
    this.#remember(request.wanted, answer);
    this.writes++;
    if (this.#goal && this.writes >= this.#goal.writes) this.#goal.reached();
  }

  nextRequest(): LoadRequest {
    const known = [...this.acknowledged.customers.keys()];
    const customerId = known[this.below(known.length || 1)];
    const choice = this.below(10);
    if (customerId === undefined || choice === 0) return this.#customer();
    return choice < 3 ? this.#asset(customerId) : this.#fields(customerId);
  }

  #customer(): LoadRequest {
    const channelUserId = `visitor-${this.below(CUSTOMERS_MAX)}`;
    const body = { channelIdentity: { channel: "webchat", channelUserId } };
    return this.#json("/v1/customers", body, { kind: "customer", channelUserId });
  }

  #fields(customerId: string): LoadRequest {
    const first = this.below(FIELD_NAMES.length);
    const fields = Array.from({ length: 1 + this.below(2) }, (_, index) => ({
      name: FIELD_NAMES[(first + index) % FIELD_NAMES.length] as string,
      value: `value ${++this.#count}`,
      source: "document_extracted",
      sources: this.#someSources(customerId),
    }));
    const body = { agentId: AGENT, fields };
    return this.#json(`/v1/customers/${customerId}/fields`, body, { kind: "fields", customerId, fields });
  }

  #asset(customerId: string): LoadRequest {
    const bytes = Buffer.from(this.#bytes(1 + this.below(BYTES_MAX)));
    const sources = this.#someSources(customerId);
    const { payload, headers } = uploadBody({ bytes, metadata: { name: `file-${++this.#count}`, sources } });
    const checksum = createHash("sha256").update(bytes).digest("hex");
    const wanted = { kind: "asset", customerId, checksum, sources } as const;
    const body = Buffer.from(payload);
    return { path: `/v1/customers/${customerId}/assets`, idempotencyKey: this.#newKey(), headers, body, wanted };
  }

  #json(path: string, body: object, wanted: LoadRequest["wanted"]): LoadRequest {
    const headers = { "content-type": "application/json" };
    return { path, idempotencyKey: this.#newKey(), headers, body: JSON.stringify(body), wanted };
  }

  #newKey(): string {
    return `load-${++this.#count}`;
  }

  /** A tool, and sometimes an item of the customer. */
  #someSources(customerId: string): Source[] {
    const known = this.#sources.get(customerId) ?? [];
    const item = known[this.below(known.length * 2 || 1)];
    return [{ type: "tool", id: "reader", metadata: {} }, ...(item ? [item] : [])];
  }

  #remember(wanted: LoadRequest["wanted"], answer: HttpAnswer): void {
    const { customers, fields, assets } = this.acknowledged;
    if (wanted.kind === "customer") {
      customers.set(jsonOf<Profile>(answer, 200, 201).customerId, wanted);
    } else if (wanted.kind === "asset") {
      const { id } = jsonOf<Asset>(answer, 201);
      assets.set(id, wanted);
      this.#addSource(wanted.customerId, { type: "profile_asset", id, metadata: {} });
    } else {
      const { results } = jsonOf<FieldWriteAnswer>(answer, 200);
      for (const [index, sent] of wanted.fields.entries()) {
        const { id } = (results[index] as { field: FieldView }).field;
        fields.set(id, { customerId: wanted.customerId, sent });
        this.#addSource(wanted.customerId, { type: "profile_field", id, metadata: {} });
      }
    }
  }

  #addSource(customerId: string, source: Source): void {
    const known = this.#sources.get(customerId) ?? [];
    known.push(source);
    this.#sources.set(customerId, known);
  }
}
