/**
 * Adds the optional platform packages that npm left out of package-lock.json. A registry mirror may hold the
 * binaries of some platforms only; npm drops what it cannot fetch, and `npm ci` then refuses the whole file.
 * Run it after every `npm install <package>`: it changes nothing when nothing is missing. The entries carry no
 * checksum, because the bytes are not at hand: npm records it on the first install on such a platform.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { completeLockFile, type LockFile } from "./lock-file.ts";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8")) as LockFile;
const added = completeLockFile(lock);
if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added.length} platform packages added`);
