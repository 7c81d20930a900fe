import { openVault } from "../src/vault.ts";

/* The process that `ready-time.ts` starts: opens the embedded vault in the folder it is given and tells how long it took. */

const [, , dataDirectory] = process.argv;
const startedMs = performance.now();
const vault = await openVault(dataDirectory === undefined ? {} : { dataDirectory });
// Time zero is the start of the process.
const readyMs = performance.now();
await vault[Symbol.asyncDispose]();
console.log(JSON.stringify({ readyMs, openMs: readyMs - startedMs }));
