import { type ChildProgram, startProgram } from "../../src/testing/child-program.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).href;

/** What every process starts from, whatever the machine that runs the tests has set. */
const VARIABLES = {
  PORT: "0",
  DATABASE_URL: "",
  REDIS_URL: "",
  MONGODB_URL: "",
  NODE_ENV: "",
  STRONGROOM_API_KEY: "",
  STRONGROOM_MASTER_KEY: "",
  STRONGROOM_DATA_DIR: "",
  STRONGROOM__LOG__FORMAT: "json",
};

export interface StrongroomOptions {
  /** The working directory; without a setting of its own the data is in `data` below it. */
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** JavaScript that runs in the process before the program. */
  readonly prelude?: string;
  /** URL of the program, when it is not the one of these sources. */
  readonly main?: string;
}

/** Runs the program as a user would, on a free port unless told otherwise. */
export function runStrongroom(argv: readonly string[], options: StrongroomOptions): Promise<ChildProgram> {
  const { directory, environment = {}, prelude = "", main = MAIN } = options;
  return startProgram(`
    process.chdir(${JSON.stringify(directory)});
    Object.assign(process.env, ${JSON.stringify({ ...VARIABLES, ...environment })});
    ${prelude}
    process.argv = [process.argv[0], "strongroom", ...${JSON.stringify(argv)}];
    await import(${JSON.stringify(main)});
  `);
}

export interface ServingProcess extends AsyncDisposable {
  readonly program: ChildProgram;
  readonly url: string;
  readonly generatedKey: string | null;
  /** From the start of the process to its line that says where it listens. */
  readonly readyMs: number;
}

/** A process that listens. Disposing of it kills it. */
export function serve(options: StrongroomOptions): Promise<ServingProcess> {
  return startListening(["serve", "--json"], options);
}

/** The same with another command that listens; its output has to be JSON. */
export async function startListening(argv: readonly string[], options: StrongroomOptions): Promise<ServingProcess> {
  const startedMs = performance.now();
  const program = await runStrongroom(argv, options);
  const { value, done } = await program.lines.next();
  if (done) throw new RangeError(`it did not start: ${program.errors()}`);
  const { url, generatedKey } = JSON.parse(value) as { url: string; generatedKey: string | null };
  return {
    program,
    url,
    generatedKey,
    readyMs: performance.now() - startedMs,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
