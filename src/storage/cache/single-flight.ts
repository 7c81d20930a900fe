import { abortedError, untilAborted } from "../until-aborted.ts";

/** Work that is under way for one key, and who waits for it. */
interface Flight<T> {
  readonly result: Promise<T>;
  readonly leave: AbortController;
  waiting: number;
  /** More than one caller gets, or got, the result. */
  shared: boolean;
}

/** What the work is told. */
export interface FlightView {
  /** Fires when the last caller has given up. */
  readonly signal: AbortSignal;
  /** Admits no further caller, and says whether there is more than one. To be asked when the result is known. */
  endBoarding(): boolean;
}

/** Runs one work for all who ask for the same key at the same time, also when it fails. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * What the work under way for the key comes to, else that of the given one, which then begins.
   *
   * @param signal of this caller: it leaves with `aborted`, and the others go on
   */
  run(key: string, work: (view: FlightView) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(abortedError());
    let flight = this.#flights.get(key);
    if (flight) flight.shared = true;
    else flight = this.#begin(key, work);
    const joined = flight;
    if (!signal) {
      // Who cannot leave is never counted out, so the work is not stopped under him.
      joined.waiting = Number.POSITIVE_INFINITY;
      return joined.result;
    }
    joined.waiting++;
    return untilAborted(
      signal,
      () => joined.result,
      () => this.#leave(key, joined),
    );
  }

  /** Lets the work under way end for those who wait for it, and later callers begin anew: what it loads may be old. */
  detach(key: string): void {
    this.#flights.delete(key);
  }

  detachAll(): void {
    this.#flights.clear();
  }

  #begin(key: string, work: (view: FlightView) => Promise<T>): Flight<T> {
    const leave = new AbortController();
    const endBoarding = (): boolean => {
      this.#land(key, flight);
      return flight.shared;
    };
    // The work begins after its flight is in the map, where a second caller finds it.
    const result = Promise.resolve().then(() => work({ signal: leave.signal, endBoarding }));
    const flight: Flight<T> = { result, leave, waiting: 0, shared: false };
    this.#flights.set(key, flight);
    const landed = (): void => this.#land(key, flight);
    result.then(landed, landed);
    return flight;
  }

  #leave(key: string, flight: Flight<T>): void {
    if (--flight.waiting > 0) return;
    this.#land(key, flight);
    flight.leave.abort();
  }

  #land(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
