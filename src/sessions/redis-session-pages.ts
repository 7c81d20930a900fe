import { instantOf } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { CallOptions } from "../storage/call-options.ts";
import { encodeCursor, type Page, pageOf } from "../storage/page.ts";
import type { RedisSessionCommands } from "./redis-session-commands.ts";
import { PRUNE_SESSIONS, SELECT_SESSIONS } from "./redis-session-scripts.ts";
import type { Session } from "./session.ts";
import { type SessionPosition, sessionPosition } from "./session-list.ts";
import type { SessionListRequest } from "./session-store.ts";

/** A list by its name, for cursors, and the indexes that it is made of, of which no two name the same session. */
export interface SessionIndexes {
  readonly name: string;
  readonly keys: readonly string[];
}

interface Listed {
  readonly position: SessionPosition;
  readonly session: Session;
}

/** Reads the persistent tier, which holds every session, and makes none of them hot. */
export async function pageOfSessions(
  commands: RedisSessionCommands,
  list: SessionIndexes,
  { isSelected, ...request }: SessionListRequest & { readonly isSelected: (session: Session) => boolean },
): Promise<Page<Session>> {
  const { limit } = request;
  const found: Listed[] = [];
  let after = sessionPosition(list.name, request.cursor);
  for (let isMore = true; isMore && found.length <= limit; ) {
    const positions = await select(commands, list.keys, { ...request, after });
    const listed = await readAll(commands, { keys: list.keys, positions }, request);
    found.push(...listed.filter(({ session }) => isSelected(session)));
    isMore = positions.length > limit;
    after = positions.at(-1);
  }
  const cursorOf = ({ position }: Listed) => encodeCursor(list.name, [position.lastActivityAt, position.sessionId]);
  const { items, nextCursor } = pageOf(found.slice(0, limit + 1), limit, cursorOf);
  return { items: items.map(({ session }) => session), nextCursor };
}

/** One more than the limit, so that it shows whether there are more. */
async function select(
  commands: RedisSessionCommands,
  keys: readonly string[],
  request: CallOptions & { readonly limit: number; readonly after: SessionPosition | undefined },
): Promise<SessionPosition[]> {
  const { after, limit } = request;
  const position = after ? [Date.parse(after.lastActivityAt), after.sessionId] : ["", ""];
  const flat = await commands.run<string[]>(SELECT_SESSIONS, { keys, values: [limit + 1, ...position] }, request);
  return Array.from({ length: flat.length / 2 }, (_, index) => ({
    sessionId: flat[2 * index] ?? "",
    lastActivityAt: instantOf(Number(flat[2 * index + 1])),
  }));
}

/** Those that have gone since are forgotten by their indexes, too. */
async function readAll(
  commands: RedisSessionCommands,
  { keys, positions }: { readonly keys: readonly string[]; readonly positions: readonly SessionPosition[] },
  options: CallOptions,
): Promise<Listed[]> {
  if (positions.length === 0) return [];
  const copies = positions.map(({ sessionId }) => commands.keys.persist(sessionId));
  const bodies = await commands.send<(string | null)[]>("mget", copies, options);
  const gone = positions.filter((_, index) => bodies[index] === null).map(({ sessionId }) => sessionId);
  if (gone.length > 0) {
    const { catalog, all } = commands.keys;
    await commands.run(PRUNE_SESSIONS, { keys: [catalog, all, ...keys], values: gone }, options);
  }
  return positions.flatMap((position, index) => {
    const body = bodies[index];
    return typeof body === "string" ? [{ position, session: parsedSession(body) }] : [];
  });
}

/** Without a cause, which would quote what the session holds. */
export function parsedSession(body: string): Session {
  try {
    return JSON.parse(body) as Session;
  } catch {
    throw new VaultError("integrity_violation", "A stored session is no JSON.");
  }
}
