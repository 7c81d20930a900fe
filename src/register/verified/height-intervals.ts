/** Neighbouring heights, both ends included. */
export interface HeightInterval {
  readonly start: bigint;
  readonly end: bigint;
}

/** What of an interval none of the others covers, ascending. */
export function without(interval: HeightInterval, others: readonly HeightInterval[]): readonly HeightInterval[] {
  const ascending = others.toSorted((a, b) => (a.start < b.start ? -1 : 1));
  const left: HeightInterval[] = [];
  let { start } = interval;
  for (const other of ascending) {
    if (other.start > start) left.push({ start, end: lesser(other.start - 1n, interval.end) });
    if (other.end >= start) start = other.end + 1n;
    if (start > interval.end) break;
  }
  if (start <= interval.end) left.push({ start, end: interval.end });
  return left.filter((each) => each.start <= each.end);
}

/** What of an interval the others cover, in their order. */
export function within(interval: HeightInterval, others: readonly HeightInterval[]): readonly HeightInterval[] {
  return others
    .map(({ start, end }) => ({ start: greater(start, interval.start), end: lesser(end, interval.end) }))
    .filter(({ start, end }) => start <= end);
}

/** The least interval that covers all of these; `undefined` when there are none. */
export function hullOf(intervals: readonly HeightInterval[]): HeightInterval | undefined {
  const [first, ...rest] = intervals;
  return (
    first &&
    rest.reduce((hull, { start, end }) => ({ start: lesser(hull.start, start), end: greater(hull.end, end) }), first)
  );
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
