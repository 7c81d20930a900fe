/**
 * The items of a source, each asked for while the one before it is at the consumer's. When the consumer leaves, the one
 * that is on its way is waited for, so that nothing goes on behind its back.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  let next = source.next();
  try {
    for (let item = await next; !item.done; item = await next) {
      next = source.next();
      // It is reported when its turn comes; a consumer who leaves before does not hear of it.
      next.catch(() => undefined);
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined);
    await source.return();
  }
}
