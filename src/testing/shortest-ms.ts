/**
 * How long the quickest of several runs took, in milliseconds. Another program that has the processor, or a pause of
 * the collector, spoils some of them; what is slow spoils them all.
 */
export async function shortestMs(runs: number, work: () => unknown): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - startedMs);
  }
  return shortest;
}
