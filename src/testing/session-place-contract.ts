import { expect, it } from "vitest";
import { addMs } from "../clock.ts";
import { type AgentId, type SessionId, UuidV7Generator } from "../identifiers.ts";
import type { Session } from "../sessions/session.ts";
import { freshSession } from "./session-records.ts";
import type { SessionContext } from "./session-storage.ts";

const ids = new UuidV7Generator();

/** Another session of the same agent, channel and user. */
function atPlaceOf({ agentId, channel, channelUserId }: Session, over: Partial<Session> = {}): Session {
  return freshSession({ agentId, channel, channelUserId, ...over });
}

export function sessionPlaceContract(context: SessionContext): void {
  it("finds the current session by agent, channel and user together", async () => {
    const session = await context.store.save(freshSession());
    expect(await context.store.getByChannel(session)).toEqual(session);
    for (const over of [
      { agentId: ids.uuid<AgentId>() },
      { channel: "sms" as const },
      { channelUserId: `${session.channelUserId} ` },
    ]) {
      expect(await context.store.getByChannel({ ...session, ...over })).toBeUndefined();
    }
  });

  it("takes the one created last for the current one, also when an older one is saved later", async () => {
    const { store, clock } = context;
    const older = await store.save(freshSession({ createdAt: clock.now() }));
    const newer = await store.save(atPlaceOf(older, { createdAt: addMs(clock.now(), 1) }));
    clock.advance(1_000);
    await store.save({ ...older, turnCount: 1 });
    expect(await store.getByChannel(older)).toEqual(newer);
  });

  it("decides by the id when sessions were created at once", async () => {
    const { store } = context;
    const [low, high] = [ids.uuid<SessionId>(), ids.uuid<SessionId>()];
    const second = await store.save(freshSession({ sessionId: high }));
    await store.save(atPlaceOf(second, { sessionId: low }));
    expect(await store.getByChannel(second)).toEqual(second);
  });

  it("does not take a closed session for the current one, until it is open again", async () => {
    const { store } = context;
    const session = await store.save(freshSession());
    for (const status of ["idle", "processing", "interrupted"] as const) {
      const { version } = (await store.getByChannel(session)) ?? expect.fail();
      expect((await store.save({ ...session, status, version })).status).toBe(status);
      expect(await store.getByChannel(session)).toMatchObject({ status });
    }
    const closed = await store.save({ ...session, status: "closed", version: 4 });
    expect(await store.getByChannel(session)).toBeUndefined();
    expect(await store.get(session.sessionId)).toEqual(closed);
    const reopened = await store.save({ ...closed, status: "active" });
    expect(await store.getByChannel(session)).toEqual(reopened);
  });

  it("keeps the current session when an older one is deleted, and falls back to the older one", async () => {
    const { store, clock } = context;
    const [first, second, third] = [0, 1, 2].map((ms) => addMs(clock.now(), ms));
    const oldest = await store.save(freshSession({ createdAt: first ?? clock.now() }));
    const older = await store.save(atPlaceOf(oldest, { createdAt: second ?? clock.now() }));
    const newest = await store.save(atPlaceOf(oldest, { createdAt: third ?? clock.now() }));
    await store.delete(oldest.sessionId);
    expect(await store.getByChannel(newest)).toEqual(newest);
    await store.delete(newest.sessionId);
    expect(await store.getByChannel(newest)).toEqual(older);
  });

  it("follows a session that moves to another place", async () => {
    const { store } = context;
    const session = await store.save(freshSession());
    const moved = await store.save({ ...session, channel: "email", agentId: ids.uuid<AgentId>() });
    expect(await store.getByChannel(session)).toBeUndefined();
    expect(await store.getByChannel(moved)).toEqual(moved);
  });

  it("opens a session where there is none, and else returns the current one as it is", async () => {
    const { store, clock } = context;
    const session = freshSession({ variables: { a: 1 } });
    const opened = await store.open(session);
    expect(opened).toEqual({ session: { ...session, version: 1, lastActivityAt: clock.now() }, isNew: true });
    clock.advance(1_000);
    const again = await store.open(atPlaceOf(session, { variables: { a: 2 } }));
    expect(again).toEqual({ session: opened.session, isNew: false });
    expect((await store.list({ by: "agent", ...session }, { limit: 10 })).items).toEqual([opened.session]);
  });

  it("opens a new session after the last one was closed", async () => {
    const { store } = context;
    const { session } = await store.open(freshSession());
    await store.save({ ...session, status: "closed" });
    expect(await store.open(atPlaceOf(session))).toMatchObject({ isNew: true });
  });

  it("refuses to open a session whose id exists", async () => {
    const { store } = context;
    const session = await store.save(freshSession({ status: "closed" }));
    await expect(store.open({ ...session, version: 0 })).rejects.toMatchObject({ code: "version_mismatch" });
    await expect(store.open(freshSession({ version: 3 }))).rejects.toMatchObject({ code: "version_mismatch" });
    expect(await store.get(session.sessionId)).toEqual(session);
  });

  it("opens one session for any number of concurrent callers", async () => {
    const { store } = context;
    const place = freshSession();
    const opened = await Promise.all(Array.from({ length: 20 }, () => store.open(atPlaceOf(place))));
    expect(opened.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(opened.map(({ session }) => session.sessionId)).size).toBe(1);
  });
}
