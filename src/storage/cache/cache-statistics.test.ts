import { describe, expect, it, vi } from "vitest";
import { CacheStatisticsRecorder } from "./cache-statistics.ts";

const NOTHING = { entries: null, evictions: null };

function recorderOf(durationsMs: readonly number[]): CacheStatisticsRecorder {
  const recorder = new CacheStatisticsRecorder();
  const now = vi.spyOn(performance, "now");
  for (const durationMs of durationsMs) {
    now.mockReturnValueOnce(1_000 + durationMs);
    recorder.called(1_000);
  }
  return recorder;
}

describe("statistics of a cache", () => {
  it("average exactly, and know the percentile to a quarter", () => {
    const durations = Array.from({ length: 1_000 }, (_, index) => (index < 985 ? 1 : 40));
    const { averageLatencyMs, p99LatencyMs } = recorderOf(durations).read(NOTHING);
    expect(averageLatencyMs).toBeCloseTo(1.585, 6);
    expect(p99LatencyMs).toBeGreaterThanOrEqual(40);
    expect(p99LatencyMs).toBeLessThanOrEqual(50);
  });

  it.each([0, 0.00001, 0.0001, 0.0012, 0.33, 1, 7.5, 50, 999, 60_000])(
    "put %s ms into a bucket that ends close above",
    (ms) => {
      const { p99LatencyMs } = recorderOf([ms]).read(NOTHING);
      expect(p99LatencyMs).toBeGreaterThan(ms);
      expect(p99LatencyMs).toBeLessThanOrEqual(ms * 1.25 + 0.0001);
    },
  );

  it("take any duration, also one that a clock that was set back gives", () => {
    expect(recorderOf([-5]).read(NOTHING).p99LatencyMs).toBeLessThan(0.001);
    expect(recorderOf([1e12]).read(NOTHING).p99LatencyMs).toBeGreaterThan(100_000);
  });

  it("measure one quick call in sixteen, for all of them", () => {
    const recorder = new CacheStatisticsRecorder();
    const begun = Array.from({ length: 32 }, () => recorder.beginQuick());
    expect(begun.filter((startedMs) => startedMs !== undefined)).toHaveLength(2);
    for (const startedMs of begun) recorder.calledQuick(startedMs);
    expect(recorder.read(NOTHING).averageLatencyMs).toBeGreaterThan(0);
  });
});
