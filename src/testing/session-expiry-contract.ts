import { expect, it } from "vitest";
import { freshAnchor, freshSession, fullSession, standingAt } from "./session-records.ts";
import { SESSION_MAX_AGE_MS, type SessionContext } from "./session-storage.ts";

export function sessionExpiryContract(context: SessionContext): void {
  it("ends a session at the maximum age after its last activity, for every reader and writer", async () => {
    const { store, clock } = context;
    const anchor = freshAnchor();
    const session = await store.save(fullSession({ ...standingAt(anchor), status: "active" }));
    clock.advance(SESSION_MAX_AGE_MS - 1);
    expect(await store.get(session.sessionId)).toEqual(session);
    expect(await store.getByChannel(session)).toEqual(session);
    expect((await store.list({ by: "agent", ...session }, { limit: 9 })).items).toEqual([session]);
    clock.advance(1);
    expect(await store.get(session.sessionId)).toBeUndefined();
    expect(await store.getByChannel(session)).toBeUndefined();
    expect((await store.list({ by: "agent", ...session }, { limit: 9 })).items).toEqual([]);
    expect((await store.list({ by: "channel", ...session }, { limit: 9 })).items).toEqual([]);
    expect((await store.findByStepHash(anchor, { limit: 9 })).items).toEqual([]);
    await expect(store.save(session)).rejects.toMatchObject({ code: "version_mismatch" });
    expect(await store.delete(session.sessionId)).toBe(false);
  });

  it("counts from the last activity and not from the creation", async () => {
    const { store, clock } = context;
    const session = await store.save(freshSession({ createdAt: clock.now() }));
    clock.advance(SESSION_MAX_AGE_MS - 1);
    const touched = await store.save({ ...session, turnCount: 1 });
    clock.advance(SESSION_MAX_AGE_MS - 1);
    expect(await store.get(session.sessionId)).toEqual(touched);
    expect(await store.getByChannel(session)).toEqual(touched);
  });

  it("lets a new session take the id and the place of one that has expired", async () => {
    const { store, clock } = context;
    const old = await store.save(fullSession());
    const neighbour = await store.save(freshSession());
    clock.advance(SESSION_MAX_AGE_MS);
    const fresh = freshSession({ sessionId: old.sessionId });
    expect(await store.save(fresh)).toMatchObject({ version: 1 });
    expect((await store.list({ by: "agent", ...old }, { limit: 9 })).items).toEqual([]);
    const { agentId, channel, channelUserId } = neighbour;
    const opened = await store.open(freshSession({ agentId, channel, channelUserId }));
    expect(opened.isNew).toBe(true);
    expect(await store.removeExpired(100)).toBe(1);
    expect(await store.get(old.sessionId)).toMatchObject({ ...fresh, version: 1, lastActivityAt: clock.now() });
    expect(await store.getByChannel(neighbour)).toEqual(opened.session);
  });

  it("removes what has expired, the oldest first, so many at a time, and nothing else", async () => {
    const { store, clock } = context;
    for (let index = 0; index < 5; index++) await store.save(freshSession());
    clock.advance(SESSION_MAX_AGE_MS / 2);
    const alive = await store.save(freshSession());
    clock.advance(SESSION_MAX_AGE_MS / 2);
    expect(await store.removeExpired(3)).toBe(3);
    expect(await store.removeExpired(3)).toBe(2);
    expect(await store.removeExpired(3)).toBe(0);
    expect(await store.get(alive.sessionId)).toEqual(alive);
  });
}
