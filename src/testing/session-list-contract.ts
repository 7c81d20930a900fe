import { expect, it } from "vitest";
import { type CustomerId, UuidV7Generator } from "../identifiers.ts";
import { SESSION_STATUSES, type Session, type SessionStatus } from "../sessions/session.ts";
import type { SessionSelector } from "../sessions/session-store.ts";
import { encodeCursor } from "../storage/page.ts";
import { freshSession } from "./session-records.ts";
import type { SessionContext } from "./session-storage.ts";

const ids = new UuidV7Generator();

/** The selectors that find a session. */
function selectorsOf(session: Session): readonly SessionSelector[] {
  const { agentId, channel, channelUserId } = session;
  const customerId = session.customerId ?? expect.fail("a session without a customer");
  return [
    { by: "agent", agentId },
    { by: "customer", customerId },
    { by: "channel", channel, channelUserId },
  ];
}

/** Saves sessions of one agent, customer and channel, the last of them latest. */
async function saveAll({ store, clock }: SessionContext, statuses: readonly SessionStatus[]): Promise<Session[]> {
  const { agentId, channel, channelUserId } = freshSession();
  const place = { agentId, channel, channelUserId, customerId: ids.uuid<CustomerId>() };
  const sessions: Session[] = [];
  for (const status of statuses) {
    sessions.push(await store.save(freshSession({ ...place, status })));
    clock.advance(1_000);
  }
  return sessions;
}

async function walk(
  { store }: SessionContext,
  selector: SessionSelector,
  request: { readonly limit: number; readonly status?: SessionStatus },
): Promise<Session[]> {
  const found: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(selector, { ...request, cursor });
    if (page.nextCursor !== null) expect(page.items).toHaveLength(request.limit);
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

export function sessionListContract(context: SessionContext): void {
  it("finds sessions by agent, by customer and by channel, the latest activity first", async () => {
    const saved = await saveAll(context, ["active", "closed", "idle"]);
    await saveAll(context, ["active"]);
    const [oldest = expect.fail()] = saved;
    const touched = await context.store.save({ ...oldest, turnCount: 1 });
    for (const selector of selectorsOf(oldest)) {
      const page = await context.store.list(selector, { limit: 10 });
      expect(page).toEqual({ items: [touched, saved[2], saved[1]], nextCursor: null });
    }
  });

  it("lists a channel's user whatever the agent", async () => {
    const session = await context.store.save(freshSession());
    context.clock.advance(1);
    const { channel, channelUserId } = session;
    const second = await context.store.save(freshSession({ channel, channelUserId }));
    const page = await context.store.list({ by: "channel", channel, channelUserId }, { limit: 10 });
    expect(page.items).toEqual([second, session]);
  });

  it("is empty for whom nothing is known of", async () => {
    for (const selector of selectorsOf(freshSession({ customerId: ids.uuid() }))) {
      expect(await context.store.list(selector, { limit: 10 })).toEqual({ items: [], nextCursor: null });
    }
  });

  it("filters by status, exactly", async () => {
    const saved = await saveAll(context, [...SESSION_STATUSES, ...SESSION_STATUSES]);
    for (const selector of selectorsOf(saved[0] ?? expect.fail())) {
      for (const status of SESSION_STATUSES) {
        const expected = saved.filter((session) => session.status === status).reverse();
        expect(await walk(context, selector, { limit: 1, status })).toEqual(expected);
        expect((await context.store.list(selector, { limit: 2, status })).nextCursor).toBeNull();
      }
    }
  });

  it.each([1, 3, 8, 100])("pages through all of them, %d at a time", async (limit) => {
    const statuses = Array.from({ length: 9 }, (_, index) => SESSION_STATUSES[index % 3] ?? "active");
    const saved = await saveAll(context, statuses);
    for (const selector of selectorsOf(saved[0] ?? expect.fail())) {
      expect(await walk(context, selector, { limit })).toEqual(saved.toReversed());
    }
  });

  it("orders sessions of the same moment by id, descending, across pages", async () => {
    const place = { agentId: freshSession().agentId, customerId: ids.uuid<CustomerId>(), channelUserId: ids.uuid() };
    const statuses = ["active", "closed", "active", "idle", "active", "closed", "active"] as const;
    const saved = await Promise.all(statuses.map((status) => context.store.save(freshSession({ ...place, status }))));
    const expected = saved.toSorted((a, b) => (a.sessionId < b.sessionId ? 1 : -1));
    for (const selector of selectorsOf(expected[0] ?? expect.fail())) {
      for (const limit of [1, 2, 3]) expect(await walk(context, selector, { limit })).toEqual(expected);
    }
  });

  it("neither repeats nor skips sessions that stand still while others come, go and move", async () => {
    const { store, clock } = context;
    const saved = await saveAll(context, ["active", "active", "active", "active", "active", "active"]);
    const [a, b, c, d, e, f] = saved as [Session, Session, Session, Session, Session, Session];
    const selector = { by: "agent", agentId: a.agentId } as const;
    const first = await store.list(selector, { limit: 2 });
    expect(first.items).toEqual([f, e]);
    await store.delete(e.sessionId);
    await store.delete(c.sessionId);
    await store.save(freshSession({ agentId: a.agentId }));
    clock.advance(1);
    await store.save({ ...b, turnCount: 1 });
    const second = await store.list(selector, { limit: 2, cursor: first.nextCursor ?? undefined });
    expect(second).toEqual({ items: [d, a], nextCursor: null });
  });

  it("follows a session whose agent, customer, channel and status change", async () => {
    const { store } = context;
    const session = await store.save(freshSession({ customerId: ids.uuid() }));
    const { agentId, channelUserId } = freshSession();
    const change = { agentId, channelUserId, customerId: ids.uuid<CustomerId>(), status: "closed" } as const;
    const moved = await store.save({ ...session, ...change });
    for (const selector of selectorsOf(session)) expect((await store.list(selector, { limit: 9 })).items).toEqual([]);
    for (const selector of selectorsOf(moved)) {
      expect((await store.list(selector, { limit: 9 })).items).toEqual([moved]);
      expect((await store.list(selector, { limit: 9, status: "closed" })).items).toEqual([moved]);
      expect((await store.list(selector, { limit: 9, status: "active" })).items).toEqual([]);
    }
    const unlinked = await store.save({ ...moved, customerId: null });
    const customerId = moved.customerId ?? expect.fail();
    expect((await store.list({ by: "customer", customerId }, { limit: 9 })).items).toEqual([]);
    expect((await store.list({ by: "agent", agentId }, { limit: 9 })).items).toEqual([unlinked]);
  });

  it("changes nothing", async () => {
    const [session = expect.fail()] = await saveAll(context, ["active"]);
    await context.store.list({ by: "agent", agentId: session.agentId }, { limit: 9 });
    expect(await context.store.get(session.sessionId)).toEqual(session);
  });

  it("refuses cursors of other lists, and what is none", async () => {
    const saved = await saveAll(context, ["active", "active", "closed"]);
    const [agent, customer, channel] = selectorsOf(saved[0] ?? expect.fail());
    if (!agent || !customer || !channel) expect.fail();
    const { nextCursor } = await context.store.list(agent, { limit: 1 });
    const cursor = nextCursor ?? expect.fail();
    const [list = ""] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
    const id = ids.uuid();
    const forged = [["x", id], ["2026-03-03T09:30:00Z", id], [context.clock.now(), "x"], [id]].map((key) =>
      encodeCursor(list, key),
    );
    for (const bad of ["x", ...forged]) {
      await expect(context.store.list(agent, { limit: 1, cursor: bad })).rejects.toMatchObject(NO_CURSOR);
    }
    const others = [
      context.store.list(customer, { limit: 1, cursor }),
      context.store.list(channel, { limit: 1, cursor }),
      context.store.list(agent, { limit: 1, cursor, status: "active" }),
      context.store.list({ by: "agent", agentId: ids.uuid() }, { limit: 1, cursor }),
    ];
    for (const outcome of await Promise.allSettled(others)) expect(outcome).toMatchObject({ reason: NO_CURSOR });
  });
}

const NO_CURSOR = { code: "invalid_cursor" };
