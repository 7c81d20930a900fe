import { fsyncSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

/** What of Emscripten's file system is used here; its own types leave it open. */
interface NodeFileSystem {
  readonly stream_ops: { fsync?: (stream: OpenFile) => number };
  realPath(node: unknown): string;
  /** Turns an error of the operating system into one that PostgreSQL reads as an errno. */
  tryFSOperation(operation: () => void): void;
}

interface OpenFile {
  readonly node: unknown;
  /** The descriptor of the operating system. */
  readonly nfd: number;
}

/**
 * PGlite's start parameters, with PostgreSQL's own durability: without `-F` it flushes what it relies on, and its log
 * by `fsync`, since `fdatasync` does nothing in Emscripten.
 */
export const DURABLE_START_PARAMETERS: readonly string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  "-c",
  "wal_sync_method=fsync",
];

/**
 * A data directory on the machine's file system that `fsync` reaches. Emscripten's own file system answers every
 * `fsync` without a word to the disk, so that a power failure could take back what was acknowledged, and leave pages
 * torn. A flush that fails is told to PostgreSQL, which gives itself up then, as it does on a server.
 */
export class DurableNodeFS extends NodeFS {
  override async init(...[database, options]: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(database, options);
    const letFlush = (module: { FS: unknown }): void => {
      const { NODEFS } = (module.FS as { filesystems: { NODEFS: NodeFileSystem } }).filesystems;
      NODEFS.stream_ops.fsync = ({ node, nfd }) => {
        NODEFS.tryFSOperation(() => this.flush(NODEFS.realPath(node), nfd));
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [letFlush, ...(emscriptenOpts.preRun ?? [])] } };
  }

  /** Of a file, or of the names in a directory. */
  protected flush(_path: string, descriptor: number): void {
    fsyncSync(descriptor);
  }
}
