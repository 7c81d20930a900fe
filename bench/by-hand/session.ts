import { Redis } from "ioredis";
import { indexesOf } from "../../src/sessions/redis-session-keys.ts";
import type { Session } from "../../src/sessions/session.ts";

const HOT_MS = 1_800_000;
const PERSIST_MS = 604_800_000;

/** What somebody would write against the server: the same keys, without a check of versions and not in one step. */
export class SessionsByHand implements AsyncDisposable {
  readonly #client: Redis;
  readonly #base: string;

  constructor(url: string, prefix: string) {
    this.#client = new Redis(url);
    this.#base = `${prefix}hand:`;
  }

  async get(sessionId: string): Promise<Session> {
    const body = await this.#client.get(`${this.#base}hot:${sessionId}`);
    return JSON.parse(body ?? "") as Session;
  }

  /** In one network turn. */
  async save(session: Session, now: number): Promise<void> {
    const { sessionId, version } = session;
    const body = JSON.stringify({ ...session, version: version + 1 });
    const indexes = indexesOf(session);
    const pipeline = this.#client
      .pipeline()
      .set(`${this.#base}hot:${sessionId}`, body, "PX", HOT_MS)
      .set(`${this.#base}persist:${sessionId}`, body, "PX", PERSIST_MS)
      .hset(`${this.#base}catalog`, sessionId, `${version + 1} ${now} ${indexes.join(" ")}`)
      .zadd(`${this.#base}all`, now, sessionId)
      .pexpire(`${this.#base}catalog`, PERSIST_MS)
      .pexpire(`${this.#base}all`, PERSIST_MS);
    for (const name of indexes) {
      pipeline.zadd(`${this.#base}index:${name}`, now, sessionId).pexpire(`${this.#base}index:${name}`, PERSIST_MS);
    }
    await pipeline.exec();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
  }
}
