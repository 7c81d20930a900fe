import fc from "fast-check";
import { addMs } from "../../src/clock.ts";
import { isVaultError } from "../../src/errors.ts";
import type { AgentId, CustomerId, ScenarioId, SessionId, StepId } from "../../src/identifiers.ts";
import type { JsonObject } from "../../src/json.ts";
import { CHANNELS } from "../../src/profiles/customer.ts";
import { SESSION_STATUSES, type Session } from "../../src/sessions/session.ts";
import type { SessionSelector, SessionStore, StepAnchor } from "../../src/sessions/session-store.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";
import { freshSession, freshVisit, standingAt } from "../../src/testing/session-records.ts";
import { SESSION_MAX_AGE_MS } from "../../src/testing/session-storage.ts";

/** What a store with tiers lets a test do besides. */
export interface Tiers {
  promote(sessionId: SessionId): Promise<unknown>;
  demote(sessionId: SessionId): Promise<unknown>;
  /** The hot copy's time has come. */
  lapse(sessionId: SessionId): Promise<unknown>;
}

const SESSIONS = 5;

/** Few of each, so that sessions meet. */
const members = fc.record({
  agent: fc.nat(1),
  channel: fc.constantFrom(...CHANNELS.slice(0, 2)),
  user: fc.constantFrom("ana", "bo", "ana "),
  customer: fc.option(fc.nat(1)),
  status: fc.constantFrom(...SESSION_STATUSES),
  step: fc.option(fc.record({ scenario: fc.nat(1), version: fc.integer({ min: 1, max: 2 }), hash: fc.nat(1) })),
  variables: fc.dictionary(
    fc.string({ maxLength: 3 }).filter(isPlainName),
    fc.jsonValue({ maxDepth: 2 }).filter(isPlain),
  ),
});

export type Members = typeof members extends fc.Arbitrary<infer Value> ? Value : never;

const session = fc.nat(SESSIONS - 1);

export const sessionCommands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("save" as const), session, members, lag: fc.nat(1) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("open" as const), session, members }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), session }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("promote", "demote", "lapse" as const), session }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: waits() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("removeExpired" as const), limit: fc.integer({ min: 1, max: 3 }) }),
    },
  ),
  { minLength: 1, maxLength: 25 },
);

export type SessionCommand = typeof sessionCommands extends fc.Arbitrary<(infer Command)[]> ? Command : never;

function waits(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(2), fc.constantFrom(SESSION_MAX_AGE_MS / 2, SESSION_MAX_AGE_MS - 1, SESSION_MAX_AGE_MS));
}

/** Runs commands on one tenant's store, and tells what came of them. The same ids in every run of one seed. */
export class SessionRun {
  readonly #store: SessionStore;
  readonly #clock: ManualClock;
  readonly #tiers: Tiers | undefined;
  readonly #createdAt = new Map<number, Session["createdAt"]>();

  constructor(store: SessionStore, clock: ManualClock, tiers?: Tiers) {
    this.#store = store;
    this.#clock = clock;
    this.#tiers = tiers;
  }

  async execute(command: SessionCommand): Promise<unknown> {
    try {
      return await this.#execute(command);
    } catch (error) {
      if (isVaultError(error)) return error.code;
      throw error;
    }
  }

  async #execute(command: SessionCommand): Promise<unknown> {
    switch (command.kind) {
      case "save": {
        const current = await this.#store.get(idOf(command.session));
        return this.#store.save(this.#session(command, Math.max(0, (current?.version ?? 0) - command.lag)));
      }
      case "open":
        return this.#store.open(this.#session(command, 0));
      case "delete":
        return this.#store.delete(idOf(command.session));
      case "wait":
        return this.#clock.advance(command.ms);
      case "removeExpired":
        return this.#store.removeExpired(command.limit);
      default:
        await this.#tiers?.[command.kind](idOf(command.session));
        return undefined;
    }
  }

  #session(command: { readonly session: number; readonly members: Members }, version: number): Session {
    const { agent, channel, user, customer, status, step, variables } = command.members;
    // Some are created at once.
    const createdAt = this.#createdAt.get(command.session) ?? addMs(this.#clock.now(), -command.session % 2);
    this.#createdAt.set(command.session, createdAt);
    return freshSession({
      ...(step && standingAt(anchorOf(step), [visitOf(step.hash)])),
      sessionId: idOf(command.session),
      agentId: id<AgentId>("a", agent),
      channel,
      channelUserId: user,
      customerId: customer === null ? null : id<CustomerId>("c", customer),
      status,
      variables: variables as JsonObject,
      createdAt,
      version,
    });
  }

  /** Every read there is, of everything there may be. */
  async observe(limit: number): Promise<unknown> {
    const sessions = await Promise.all(numbers(SESSIONS).map((index) => this.#store.get(idOf(index))));
    const places = numbers(2).flatMap((agent) =>
      ["ana", "bo", "ana "].map((channelUserId) =>
        this.#store.getByChannel({ agentId: id("a", agent), channel: CHANNELS[0], channelUserId }),
      ),
    );
    const lists = SELECTORS.flatMap((selector) =>
      [undefined, ...SESSION_STATUSES].map((status) =>
        walk(limit, (page) => this.#store.list(selector, { ...page, status })),
      ),
    );
    const steps = ANCHORS.map((anchor) => walk(limit, (page) => this.#store.findByStepHash(anchor, page)));
    return [sessions, await Promise.all(places), await Promise.all(lists), await Promise.all(steps)];
  }
}

async function walk(
  limit: number,
  read: (page: { limit: number; cursor: string | undefined }) => ReturnType<SessionStore["list"]>,
): Promise<Session[]> {
  const found: Session[] = [];
  let cursor: string | undefined;
  do {
    const page = await read({ limit, cursor });
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

const SELECTORS: readonly SessionSelector[] = [
  ...numbers(2).map((index) => ({ by: "agent", agentId: id<AgentId>("a", index) }) as const),
  ...numbers(2).map((index) => ({ by: "customer", customerId: id<CustomerId>("c", index) }) as const),
  ...["ana", "ana "].map((channelUserId) => ({ by: "channel", channel: CHANNELS[0], channelUserId }) as const),
];

const ANCHORS = numbers(2).flatMap((scenario) =>
  [1, 2].flatMap((version) => numbers(2).map((hash) => anchorOf({ scenario, version, hash }))),
);

function anchorOf(step: { scenario: number; version: number; hash: number }): StepAnchor {
  const scenarioId = id<ScenarioId>("5", step.scenario);
  return { scenarioId, scenarioVersion: step.version, stepContentHash: `hash ${step.hash}` };
}

function visitOf(hash: number) {
  return freshVisit({ stepId: id<StepId>("d", hash), stepContentHash: `hash ${hash}` });
}

function idOf(index: number): SessionId {
  return id<SessionId>("e", index);
}

function id<Id extends string>(kind: string, index: number): Id {
  return `01a00000-0000-7000-8000-0000000000${kind}${index}` as Id;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What a vault stores of JSON. */
function isPlain(value: unknown): boolean {
  const text = JSON.stringify(value);
  return !text.includes("\\u0000") && !text.includes("__proto__") && JSON.stringify(JSON.parse(text)) === text;
}

function isPlainName(name: string): boolean {
  return name !== "" && isPlain(name);
}
