import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { DurableNodeFS } from "../storage/postgres/durable-node-fs.ts";

/** What a disk writes as a whole. */
const SECTOR_BYTES = 4_096;

/**
 * A data directory whose unflushed writes go with the power. Beside it is what the disk has for sure: each file as it
 * was flushed last, each directory with the names that it had then.
 */
export class VolatileNodeFS extends DurableNodeFS {
  /** Every flush fails from now on. */
  isBroken = false;
  readonly #live: string;
  readonly #disk: string;

  /** @param live is there, and wholly on the disk, which is made as its copy */
  constructor(live: string, disk: string) {
    super(live);
    this.#live = live;
    this.#disk = disk;
    cpSync(live, disk, { recursive: true });
  }

  /**
   * What the machine finds when the power comes back: of what was not flushed, each sector and each name is there when
   * `isThere` says so.
   */
  losePower(isThere: () => boolean): string {
    for (const path of readdirSync(this.#live, { recursive: true, encoding: "utf8" })) {
      const [live, disk] = [join(this.#live, path), join(this.#disk, path)];
      if (statSync(live).isFile() && (existsSync(disk) || isThere())) mixSectors({ live, disk }, isThere);
    }
    return this.#disk;
  }

  protected override flush(path: string, descriptor: number): void {
    if (this.isBroken) throw Object.assign(new Error("The disk is gone."), { code: "EIO" });
    super.flush(path, descriptor);
    const copy = join(this.#disk, relative(this.#live, path));
    if (statSync(path).isDirectory()) flushNames(path, copy);
    else copyFileSync(path, copy);
  }
}

function flushNames(live: string, disk: string): void {
  for (const name of readdirSync(disk)) {
    if (!existsSync(join(live, name))) rmSync(join(disk, name), { recursive: true });
  }
  for (const name of readdirSync(live)) {
    if (existsSync(join(disk, name))) continue;
    if (statSync(join(live, name)).isDirectory()) mkdirSync(join(disk, name));
    else writeFileSync(join(disk, name), "");
  }
}

function mixSectors({ live, disk }: { live: string; disk: string }, isThere: () => boolean): void {
  const written = readFileSync(live);
  const flushed = existsSync(disk) ? readFileSync(disk) : Buffer.alloc(0);
  if (written.equals(flushed)) return;
  const mixed = Buffer.alloc(isThere() ? written.length : flushed.length);
  for (let start = 0; start < mixed.length; start += SECTOR_BYTES) {
    mixed.set((isThere() ? written : flushed).subarray(start, Math.min(start + SECTOR_BYTES, mixed.length)), start);
  }
  mkdirSync(dirname(disk), { recursive: true });
  writeFileSync(disk, mixed);
}
