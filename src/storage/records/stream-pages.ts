import type { Page } from "../page.ts";

/**
 * Everything that a query finds, page by page. What moves in the order while it is read may come up again in a later
 * page, but not here.
 *
 * @param mayMeetAgain whether the order has keys other than the id, which never changes
 */
export async function* streamPages<T>(
  readPage: (cursor: string | undefined) => Promise<Page<T>>,
  { idOf, mayMeetAgain }: { readonly idOf: (item: T) => string; readonly mayMeetAgain: boolean },
): AsyncGenerator<T, void, void> {
  const met = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    for (const item of page.items) {
      if (met.has(idOf(item))) continue;
      if (mayMeetAgain) met.add(idOf(item));
      yield item;
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
