import { describe, expect, it, vi } from "vitest";
import { type FlightView, SingleFlight } from "./single-flight.ts";

const gate = () => Promise.withResolvers<string>();

describe("single flight", () => {
  it("runs once for all callers of a key, and again for a later one", async () => {
    const flights = new SingleFlight<string>();
    const { promise, resolve } = gate();
    const work = vi.fn((view: FlightView) => promise.then((value) => `${value} ${view.endBoarding()}`));
    const calls = [flights.run("k", work), flights.run("k", work), flights.run("other", work)];
    resolve("value");
    expect(await Promise.all(calls)).toEqual(["value true", "value true", "value false"]);
    expect(await flights.run("k", work)).toBe("value false");
    expect(work).toHaveBeenCalledTimes(3);
  });

  it("admits nobody after it was asked whether it is shared", async () => {
    const flights = new SingleFlight<string>();
    let late: Promise<string> | undefined;
    const first = flights.run("k", async (view) => {
      const isShared = view.endBoarding();
      late = flights.run("k", async () => "second");
      return `first ${isShared}`;
    });
    expect(await first).toBe("first false");
    expect(await late).toBe("second");
  });

  it("is not stopped while somebody waits who cannot leave", async () => {
    const flights = new SingleFlight<string>();
    const { promise, resolve } = gate();
    const leaving = new AbortController();
    let stopped: AbortSignal | undefined;
    const work = (view: FlightView) => {
      stopped = view.signal;
      return promise;
    };
    const left = flights.run("k", work, leaving.signal);
    const stays = flights.run("k", work);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "aborted" });
    resolve("value");
    expect(await stays).toBe("value");
    expect(stopped?.aborted).toBe(false);
  });

  it("turns away who has given up before, and begins nothing for him", async () => {
    const work = vi.fn(async () => "value");
    const call = new SingleFlight<string>().run("k", work, AbortSignal.abort());
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    expect(work).not.toHaveBeenCalled();
  });

  it("leaves nothing unhandled when it fails after the last caller has left", async () => {
    const flights = new SingleFlight<string>();
    const leaving = new AbortController();
    const { promise, reject } = gate();
    const left = flights.run("k", () => promise, leaving.signal);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "aborted" });
    reject(new RangeError("too late"));
    await expect(promise).rejects.toThrow("too late");
  });

  it("keeps later callers from a detached one", async () => {
    const flights = new SingleFlight<string>();
    const { promise, resolve } = gate();
    const early = flights.run("k", () => promise);
    flights.detach("k");
    expect(await flights.run("k", async () => "new")).toBe("new");
    resolve("old");
    expect(await early).toBe("old");
  });
});
