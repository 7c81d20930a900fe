import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isVaultError } from "../errors.ts";
import { type SessionId, UuidV7Generator } from "../identifiers.ts";
import { type Session, STEP_HISTORY_MAX } from "../sessions/session.ts";
import { sessionExpiryContract } from "./session-expiry-contract.ts";
import { sessionListContract } from "./session-list-contract.ts";
import { sessionPlaceContract } from "./session-place-contract.ts";
import { freshAnchor, freshSession, freshVisit, fullSession, standingAt } from "./session-records.ts";
import { sessionStepContract } from "./session-step-contract.ts";
import type { SessionContext, SessionStorage } from "./session-storage.ts";

const ids = new UuidV7Generator();

/** What a `SessionStore` must do. Every test has a tenant of its own and another one as adversary. */
export function sessionStoreContract(engine: string, open: () => Promise<SessionStorage>): void {
  describe(`session store on ${engine}`, () => {
    const context = {} as SessionContext;

    beforeAll(async () => {
      context.storage = await open();
      context.clock = context.storage.clock;
    });
    afterAll(async () => {
      await context.storage[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      context.store = context.storage.forTenant(await context.storage.createTenant());
      context.other = context.storage.forTenant(await context.storage.createTenant());
    });

    describe("saving", () => savingContract(context));
    describe("concurrent writers", () => concurrencyContract(context));
    describe("deletion", () => deletionContract(context));
    describe("places", () => sessionPlaceContract(context));
    describe("lists", () => sessionListContract(context));
    describe("steps", () => sessionStepContract(context));
    describe("expiry", () => sessionExpiryContract(context));
    describe("another tenant", () => adversaryContract(context));
    describe("a caller that gives up", () => abortContract(context));
  });
}

function savingContract(context: SessionContext): void {
  it("returns what was saved, member by member, and nothing for an unknown id", async () => {
    for (const session of [freshSession(), fullSession()]) {
      const saved = await context.store.save(session);
      expect(saved).toEqual({ ...session, version: 1, lastActivityAt: context.clock.now() });
      expect(await context.store.get(session.sessionId)).toEqual(saved);
    }
    expect(await context.store.get(ids.uuid<SessionId>())).toBeUndefined();
  });

  it("counts versions and stamps the latest activity, whatever the caller says", async () => {
    const first = await context.store.save(freshSession());
    const now = context.clock.advance(60_000);
    const second = await context.store.save({ ...first, turnCount: 1 });
    expect(second).toEqual({ ...first, turnCount: 1, version: 2, lastActivityAt: now });
    expect(await context.store.get(first.sessionId)).toEqual(second);
  });

  it("keeps the last visits only", async () => {
    const visits = Array.from({ length: STEP_HISTORY_MAX + 3 }, (_, turnNumber) => freshVisit({ turnNumber }));
    const saved = await context.store.save(freshSession(standingAt(freshAnchor(), visits)));
    expect(saved.stepHistory).toEqual(visits.slice(3));
    expect(await context.store.get(saved.sessionId)).toEqual(saved);
  });

  it("hands out copies", async () => {
    const session = freshSession({ variables: { list: [1] } });
    const saved = await context.store.save(session);
    (session.variables as { list: number[] }).list.push(2);
    const read = (await context.store.get(session.sessionId)) as Session;
    tryTo(() => (read.variables as { list: number[] }).list.push(3));
    tryTo(() => (saved.variables as { list: number[] }).list.push(4));
    expect((await context.store.get(session.sessionId))?.variables).toEqual({ list: [1] });
  });

  it("refuses a stale version, one that is ahead, and a new session whose id exists", async () => {
    const first = await context.store.save(freshSession());
    const second = await context.store.save({ ...first, turnCount: 1 });
    for (const version of [0, 1, 3]) {
      const stale = { ...second, turnCount: 9, version };
      await expect(context.store.save(stale)).rejects.toMatchObject({ code: "version_mismatch" });
    }
    await expect(context.store.save(freshSession({ version: 1 }))).rejects.toMatchObject({ code: "version_mismatch" });
    expect(await context.store.get(first.sessionId)).toEqual(second);
  });

  it("answers a ping", async () => {
    await expect(context.store.ping()).resolves.toBeUndefined();
  });
}

function concurrencyContract(context: SessionContext): void {
  it("lets one of many writers of one version win", async () => {
    const session = await context.store.save(freshSession());
    const writers = Array.from({ length: 20 }, (_, turnCount) => context.store.save({ ...session, turnCount }));
    const outcomes = await Promise.allSettled(writers);
    const saved = outcomes.filter((each) => each.status === "fulfilled").map(({ value }) => value);
    const refused = outcomes.filter((each) => each.status === "rejected").map(({ reason }) => reason as unknown);
    expect(saved).toHaveLength(1);
    expect(refused.filter((error) => isVaultError(error, "version_mismatch"))).toHaveLength(19);
    expect(await context.store.get(session.sessionId)).toEqual(saved[0]);
  });

  it("does 1,000 operations at once without an error", async () => {
    const { store } = context;
    const works = Array.from({ length: 200 }, async () => {
      const saved = await store.save(freshSession());
      const next = await store.save({ ...saved, turnCount: 1 });
      expect(await store.get(saved.sessionId)).toEqual(next);
      expect(await store.getByChannel(saved)).toEqual(next);
      expect(await store.delete(saved.sessionId)).toBe(true);
    });
    await Promise.all(works);
  });
}

function deletionContract(context: SessionContext): void {
  it("removes a session from every read, and says whether there was one", async () => {
    const { store } = context;
    const anchor = freshAnchor();
    const session = await store.save(fullSession({ ...standingAt(anchor), status: "active" }));
    expect(await store.delete(session.sessionId)).toBe(true);
    expect(await store.delete(session.sessionId)).toBe(false);
    expect(await store.delete(ids.uuid<SessionId>())).toBe(false);
    expect(await store.get(session.sessionId)).toBeUndefined();
    expect(await store.getByChannel(session)).toBeUndefined();
    expect((await store.findByStepHash(anchor, { limit: 10 })).items).toEqual([]);
    expect((await store.list({ by: "agent", ...session }, { limit: 10 })).items).toEqual([]);
    expect((await store.list({ by: "channel", ...session }, { limit: 10 })).items).toEqual([]);
    const customerId = session.customerId ?? expect.fail();
    expect((await store.list({ by: "customer", customerId }, { limit: 10 })).items).toEqual([]);
    await expect(store.save(session)).rejects.toMatchObject({ code: "version_mismatch" });
  });

  it("makes room for a new session of the same id", async () => {
    const session = await context.store.save(freshSession());
    await context.store.delete(session.sessionId);
    expect(await context.store.save({ ...session, version: 0 })).toMatchObject({ version: 1 });
  });
}

function adversaryContract(context: SessionContext): void {
  it("neither sees, changes nor removes a session, and may use its id and place", async () => {
    const { store, other, clock } = context;
    const anchor = freshAnchor();
    const mine = await store.save(fullSession({ ...standingAt(anchor), status: "active" }));
    const customerId = mine.customerId ?? expect.fail();
    expect(await other.get(mine.sessionId)).toBeUndefined();
    expect(await other.getByChannel(mine)).toBeUndefined();
    expect(await other.delete(mine.sessionId)).toBe(false);
    await expect(other.save(mine)).rejects.toMatchObject({ code: "version_mismatch" });
    for (const selector of [
      { by: "agent", agentId: mine.agentId },
      { by: "customer", customerId },
      { by: "channel", channel: mine.channel, channelUserId: mine.channelUserId },
    ] as const) {
      expect(await other.list(selector, { limit: 10 })).toEqual({ items: [], nextCursor: null });
    }
    expect(await other.findByStepHash(anchor, { limit: 10 })).toEqual({ items: [], nextCursor: null });
    const theirs = await other.open({ ...mine, version: 0, variables: { whose: "theirs" } });
    expect(theirs).toMatchObject({ isNew: true, session: { version: 1 } });
    expect(await store.get(mine.sessionId)).toEqual(mine);
    expect(await other.delete(mine.sessionId)).toBe(true);
    expect(await store.getByChannel(mine)).toEqual(mine);
    clock.advance(8 * 86_400_000);
    expect(await other.removeExpired(100)).toBe(0);
    expect(await store.removeExpired(100)).toBe(1);
  });
}

function abortContract(context: SessionContext): void {
  it("gets no answer and writes nothing when the signal has fired before", async () => {
    const { store } = context;
    const session = freshSession();
    const signal = AbortSignal.abort();
    const calls = [
      store.get(session.sessionId, { signal }),
      store.save(session, { signal }),
      store.open(session, { signal }),
      store.delete(session.sessionId, { signal }),
      store.getByChannel(session, { signal }),
      store.list({ by: "agent", ...session }, { limit: 1, signal }),
      store.findByStepHash(freshAnchor(), { limit: 1, signal }),
      store.removeExpired(1, { signal }),
      store.ping({ signal }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "aborted" } });
    }
    expect(await store.get(session.sessionId)).toBeUndefined();
  });
}

/** Copies may be frozen. */
function tryTo(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
  }
}
