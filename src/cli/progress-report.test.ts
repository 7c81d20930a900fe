import { describe, expect, it } from "vitest";
import { ProgressReport } from "./progress-report.ts";

function report(isTTY: boolean) {
  const written: string[] = [];
  let nowMs = 0;
  const stream = { isTTY, write: (text: string) => void written.push(text) };
  const progress = new ProgressReport(stream, () => nowMs);
  return { progress, written, advance: (ms: number) => void (nowMs += ms) };
}

describe("a progress report", () => {
  it("is one line of a terminal, which is clean afterwards", () => {
    const { progress, written } = report(true);
    progress.show("1 %");
    progress.show("2 %");
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    expect(written).toEqual(["\r\u001b[2K1 %", "\r\u001b[2K2 %", "\r\u001b[2K"]);
  });

  it("is a plain line now and then elsewhere", () => {
    const { progress, written, advance } = report(false);
    progress.show("1 %");
    advance(4_999);
    progress.show("2 %");
    advance(1);
    progress.show("3 %");
    progress[Symbol.dispose]();
    expect(written).toEqual(["1 %\n", "3 %\n"]);
  });

  it("writes nothing when there was nothing to say", () => {
    const { progress, written } = report(true);
    progress[Symbol.dispose]();
    expect(written).toEqual([]);
  });
});
