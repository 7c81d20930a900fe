import { connect } from "node:net";

/** The variables that `scripts/test-services` prints: each names a real server that the suites also run on. */
const SERVERS = ["DATABASE_URL", "REDIS_URL", "MONGODB_URL"];
const ANSWER_MS = 5_000;

/**
 * Vitest's global set-up. A server that is named must answer. One that is not named is a failure where
 * STRONGROOM_REQUIRE_SERVICES=1 asks for all of them, as CI does; elsewhere its suites are skipped, and a line says so.
 */
export async function setup(): Promise<void> {
  const missing = SERVERS.filter((variable) => !process.env[variable]);
  if (missing.length > 0 && process.env["STRONGROOM_REQUIRE_SERVICES"] === "1") {
    throw new Error(`${missing.join(", ")} must be set: run scripts/test-services`);
  }
  for (const variable of missing) {
    process.stderr.write(`${variable} is not set: the suites on that server are skipped\n`);
  }
  await Promise.all(SERVERS.map(async (variable) => requireAnswer(variable, process.env[variable])));
}

async function requireAnswer(variable: string, url: string | undefined): Promise<void> {
  if (!url) return;
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port || DEFAULT_PORTS[variable]), timeout: ANSWER_MS });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("timeout", () => reject(new Error(`no answer within ${ANSWER_MS} ms`)));
      socket.once("error", reject);
    });
  } catch (cause) {
    throw new Error(`The server of ${variable} does not answer`, { cause });
  } finally {
    socket.destroy();
  }
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { DATABASE_URL: 5432, REDIS_URL: 6379, MONGODB_URL: 27017 };
