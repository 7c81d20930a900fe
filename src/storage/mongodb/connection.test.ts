import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openMongo } from "./connection.ts";
import { requireVersion } from "./probe-server.ts";

const TIMEOUT_MS = 300;

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

/** A server that takes connections and never says anything. */
async function silentPort(): Promise<number> {
  server = createServer((socket) => socket.on("error", () => undefined).unref()).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("openMongo", () => {
  it("gives a server up that is not there", async () => {
    const port = await silentPort();
    server?.close();
    const opening = openMongo({ url: `mongodb://127.0.0.1:${port}/x`, connectTimeoutMs: TIMEOUT_MS });
    await expect(opening).rejects.toMatchObject({ code: "storage_unavailable" });
  });

  it("gives a server up that does not answer", async () => {
    const started = performance.now();
    const url = `mongodb://127.0.0.1:${await silentPort()}/x`;
    await expect(openMongo({ url, connectTimeoutMs: TIMEOUT_MS })).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    expect(performance.now() - started).toBeLessThan(10 * TIMEOUT_MS);
  });

  it.each(["http://127.0.0.1/x", "mongodb://", "mongodb://user:secret@/x", "mongodb://127.0.0.1/?unknown=secret"])(
    "refuses the URL %s without quoting it",
    async (url) => {
      const error: unknown = await openMongo({ url }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "invalid_configuration" });
      expect(JSON.stringify(error)).not.toContain("secret");
    },
  );
});

describe("requireVersion", () => {
  it.each(["6.0.0", "7.0.42", "10.1.0-rc1"])("takes %s", (version) => {
    expect(() => requireVersion(version)).not.toThrow();
  });

  it.each(["5.0.31", "4.4.0", "", "undefined"])("refuses %j", (version) => {
    expect(() => requireVersion(version)).toThrowError(
      expect.objectContaining({ code: "server_too_old", details: { found: version, required: "6.0" } }),
    );
  });
});
