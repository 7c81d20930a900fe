const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The exit code of a process that a signal ended, as shells have it. */
const FORCED_EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

/** Resolves with the first signal that asks the program to stop; a second one ends it at once. */
export function stopSignal(): Promise<(typeof SIGNALS)[number]> {
  return new Promise((resolve) => {
    let isStopping = false;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (isStopping) process.exit(FORCED_EXIT_CODES[signal]);
        isStopping = true;
        resolve(signal);
      });
    }
  });
}
