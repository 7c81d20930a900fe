import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT_CODES } from "../exit-codes.ts";
import { openRemoteRegister } from "./remote-register.ts";

const KEY = "sr_a-key-of-a-tenant";
/** For a server that is silent. */
const QUICK = { answerMs: 50, silenceMs: 100, askEveryMs: 5 };
/** For one that is not: however slow the machine is, it is not given up. */
const PATIENT = { ...QUICK, silenceMs: 60_000 };
const REPORT = { registerId: "r", isFullyVerified: true };

let server: Server;
let url: string;
/** What the server does with each question about the status. */
let onStatus: (response: ServerResponse) => void;
/** The verification that was asked for. */
let verification: PromiseWithResolvers<{ readonly request: IncomingMessage; readonly response: ServerResponse }>;

beforeEach(async () => {
  verification = Promise.withResolvers();
  onStatus = () => undefined;
  server = createServer((request, response) => {
    if (request.method === "POST") verification.resolve({ request, response });
    else onStatus(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) await server[Symbol.asyncDispose]();
});

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** How it went: what it resolved to, or what a person reads and the shell gets. */
async function outcome(work: Promise<unknown>): Promise<unknown> {
  return await work.catch(({ message, hint, code, kind }) => ({
    message: String(message).replace(url, "URL"),
    hint,
    code,
    exitCode: EXIT_CODES[kind as keyof typeof EXIT_CODES],
  }));
}

describe("a register of a running vault", () => {
  it("is waited for however long a verification takes, longer than any other answer", async () => {
    const source = openRemoteRegister(url, KEY, PATIENT);
    const verifying = source.verify(() => undefined);
    const { request, response } = await verification.promise;
    expect(request.headers).toMatchObject({ authorization: `Bearer ${KEY}`, "content-type": "application/json" });
    for (let question = 0; question < 2; question++) {
      expect(await outcome(source.status())).toMatchObject({ message: "URL has stopped answering.", exitCode: 13 });
    }
    answer(response, 200, REPORT);
    expect(await verifying).toEqual(REPORT);
  });

  it("tells of the progress meanwhile, and takes a refusal for a sign of life", async () => {
    const progress = { examined: "1", total: "2", perSecond: 3 };
    let asked = 0;
    onStatus = (response) => {
      asked += 1;
      if (asked % 2 === 0) answer(response, 403, { code: "forbidden", detail: "Not allowed." });
      else answer(response, 200, { state: { progress } });
    };
    const told: unknown[] = [];
    const enough = Promise.withResolvers<void>();
    const verifying = openRemoteRegister(url, KEY, { ...QUICK, answerMs: 60_000, silenceMs: 0 }).verify((found) => {
      if (told.push(found) === 5) enough.resolve();
    });
    const { response } = await verification.promise;
    await enough.promise;
    answer(response, 200, REPORT);
    expect(await verifying).toEqual(REPORT);
    expect(told.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => progress));
  });

  it("is given up when the server goes away, with what may have become of it", async () => {
    const verifying = outcome(openRemoteRegister(url, KEY, PATIENT).verify(() => undefined));
    (await verification.promise).request.socket.destroy();
    expect(await verifying).toEqual({
      message: "URL went away before it had answered.",
      hint: expect.stringContaining("strongroom register status"),
      code: "server_unreachable",
      exitCode: 13,
    });
    await server[Symbol.asyncDispose]();
    expect(await outcome(openRemoteRegister(url, KEY).recover())).toMatchObject({ message: "URL does not answer." });
  });

  it("is given up when an answer breaks off", async () => {
    const verifying = outcome(openRemoteRegister(url, KEY, PATIENT).verify(() => undefined));
    const { request, response } = await verification.promise;
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"registerId":', () => request.socket.destroy());
    expect(await verifying).toMatchObject({ message: "URL went away before it had answered.", exitCode: 13 });
  });

  it("is given up when the server answers nothing any more, although it is connected", async () => {
    const source = openRemoteRegister(url, KEY, QUICK);
    for (const begin of [() => source.verify(() => undefined), () => source.recover()]) {
      expect(await outcome(begin())).toMatchObject({
        message: "URL has stopped answering.",
        hint: expect.stringContaining("strongroom register status"),
        exitCode: 13,
      });
    }
  });

  it("is not asked for with what can be no key, which is not quoted", () => {
    for (const key of ["with space", "line\nbreak", "ключ", ""]) {
      expect(() => openRemoteRegister(url, key)).toThrow("An API key has visible characters only.");
    }
  });
});
