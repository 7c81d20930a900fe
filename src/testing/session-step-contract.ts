import { expect, it } from "vitest";
import { UuidV7Generator } from "../identifiers.ts";
import { SESSION_STATUSES, type Session } from "../sessions/session.ts";
import type { SessionScope } from "../sessions/session-scope.ts";
import { freshAnchor, freshSession, freshVisit, standingAt } from "./session-records.ts";
import type { SessionContext } from "./session-storage.ts";

const ids = new UuidV7Generator();

export function sessionStepContract(context: SessionContext): void {
  const find = async (anchor: ReturnType<typeof freshAnchor>, scope?: SessionScope) =>
    (await context.store.findByStepHash(anchor, { limit: 100, scope })).items;

  it("finds the sessions at a step, each once, latest activity first", async () => {
    const anchor = freshAnchor();
    const first = await context.store.save(freshSession(standingAt(anchor)));
    context.clock.advance(1);
    const second = await context.store.save(freshSession(standingAt(anchor)));
    expect(await find(anchor)).toEqual([second, first]);
  });

  it("tells steps apart by scenario, version and content, and takes the last visit alone", async () => {
    const anchor = freshAnchor();
    const here = freshVisit({ stepContentHash: anchor.stepContentHash });
    const away = freshVisit({ stepContentHash: "another" });
    const session = await context.store.save(freshSession(standingAt(anchor, [here, away, here])));
    await context.store.save(freshSession(standingAt(anchor, [here, away])));
    await context.store.save(freshSession({ ...standingAt(anchor), activeStepId: ids.uuid() }));
    await context.store.save(freshSession({ ...standingAt(anchor), activeScenarioId: null }));
    expect(await find(anchor)).toEqual([session]);
    expect(await find({ ...anchor, scenarioVersion: 3 })).toEqual([]);
    expect(await find({ ...anchor, scenarioId: ids.uuid() })).toEqual([]);
    expect(await find({ ...anchor, stepContentHash: "anything: else" })).toEqual([]);
  });

  it("finds active sessions only, and follows those that move on", async () => {
    const anchor = freshAnchor();
    const sessions: Session[] = [];
    for (const status of SESSION_STATUSES) {
      sessions.push(await context.store.save(freshSession({ ...standingAt(anchor), status })));
    }
    const [active = expect.fail(), idle = expect.fail()] = sessions;
    expect(await find(anchor)).toEqual([active]);
    const woken = await context.store.save({ ...idle, status: "active" });
    const next = freshVisit({ stepContentHash: "next" });
    const stepHistory = [...active.stepHistory, next];
    const gone = await context.store.save({ ...active, stepHistory, activeStepId: next.stepId });
    expect(await find(anchor)).toEqual([woken]);
    expect(await find({ ...anchor, stepContentHash: "next" })).toEqual([gone]);
  });

  it("keeps to the scope: channels, names of steps and whole days of age", async () => {
    const { store, clock } = context;
    const anchor = freshAnchor();
    const named = (stepName: string) => standingAt(anchor, [freshVisit({ ...anchor, stepName })]);
    const old = await store.save(freshSession({ ...named("Pay"), channel: "sms", createdAt: clock.now() }));
    clock.advance(2 * 86_400_000 - 1);
    const young = await store.save(freshSession({ ...named("Sign"), channel: "email", createdAt: clock.now() }));
    const both = [young, old];
    const cases: [SessionScope, readonly Session[]][] = [
      [{}, both],
      [{ includeChannels: [], includeCurrentNodes: [] }, both],
      [{ includeChannels: ["sms"] }, [old]],
      [{ excludeChannels: ["sms"] }, [young]],
      [{ includeChannels: ["sms", "email"], excludeChannels: ["email"] }, [old]],
      [{ includeCurrentNodes: ["Pay", "pay"] }, [old]],
      [{ excludeCurrentNodes: ["Pay"] }, [young]],
      [{ includeCurrentNodes: ["Pay"], excludeCurrentNodes: ["Pay"] }, []],
      [{ minAgeDays: 1 }, [old]],
      [{ minAgeDays: 2 }, []],
      [{ maxAgeDays: 0 }, [young]],
      [{ minAgeDays: 0, maxAgeDays: 1 }, both],
    ];
    for (const [scope, expected] of cases) expect(await find(anchor, scope)).toEqual(expected);
  });

  it("fills its pages with sessions in the scope", async () => {
    const { store, clock } = context;
    const anchor = freshAnchor();
    const expected: Session[] = [];
    for (let index = 0; index < 12; index++) {
      const channel = index % 4 === 0 ? "voice" : "api";
      const saved = await store.save(freshSession({ ...standingAt(anchor), channel }));
      if (channel === "voice") expected.unshift(saved);
      clock.advance(index % 2);
    }
    const scope = { includeChannels: ["voice"] } as const;
    const first = await store.findByStepHash(anchor, { limit: 2, scope });
    const second = await store.findByStepHash(anchor, { limit: 2, scope, cursor: first.nextCursor ?? undefined });
    expect([first.items, second.items]).toEqual([expected.slice(0, 2), expected.slice(2)]);
    expect(second.nextCursor).toBeNull();
    const cursor = first.nextCursor ?? expect.fail();
    const elsewhere = store.findByStepHash(anchor, { limit: 2, cursor });
    await expect(elsewhere).rejects.toMatchObject({ code: "invalid_cursor" });
  });
}
