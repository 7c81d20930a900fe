import { addMs, type Instant } from "../clock.ts";
import type { Channel } from "../profiles/customer.ts";
import type { Session } from "./session.ts";

/** Which of the sessions at a step are meant. An empty or missing list of what is included includes all. */
export interface SessionScope {
  readonly includeChannels?: readonly Channel[] | undefined;
  /** Wins over what is included. */
  readonly excludeChannels?: readonly Channel[] | undefined;
  /** By the `stepName` of the last visit. */
  readonly includeCurrentNodes?: readonly string[] | undefined;
  /** Wins over what is included. */
  readonly excludeCurrentNodes?: readonly string[] | undefined;
  /** In whole days since the session was created. */
  readonly minAgeDays?: number | undefined;
  readonly maxAgeDays?: number | undefined;
}

const DAY_MS = 86_400_000;

export function isInScope(session: Session, scope: SessionScope, now: Instant): boolean {
  const { after, until } = createdWithin(scope, now);
  return (
    isListed(session.channel, scope.includeChannels, scope.excludeChannels) &&
    isListed(session.stepHistory.at(-1)?.stepName, scope.includeCurrentNodes, scope.excludeCurrentNodes) &&
    (after === undefined || session.createdAt > after) &&
    (until === undefined || session.createdAt <= until)
  );
}

/** When sessions were created whose age in whole days is in the scope: after the one moment, and not after the other. */
export function createdWithin(
  { minAgeDays, maxAgeDays }: SessionScope,
  now: Instant,
): { readonly after: Instant | undefined; readonly until: Instant | undefined } {
  return {
    after: maxAgeDays === undefined ? undefined : addMs(now, -(maxAgeDays + 1) * DAY_MS),
    until: minAgeDays === undefined ? undefined : addMs(now, -minAgeDays * DAY_MS),
  };
}

function isListed(
  name: string | undefined,
  included: readonly string[] | undefined = [],
  excluded: readonly string[] | undefined = [],
): boolean {
  if (name === undefined) return included.length === 0;
  return !excluded.includes(name) && (included.length === 0 || included.includes(name));
}
