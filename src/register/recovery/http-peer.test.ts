import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { ManualTimers, settled } from "../../testing/manual-timers.ts";
import { checkpointOf, docketsAt } from "../../testing/register-scene.ts";
import { ReplicationServer } from "../../testing/replication-server.ts";
import { encodeDocketEntry } from "../replication/docket-stream.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { HttpRegisterPeer } from "./http-peer.ts";
import { Patience } from "./patience.ts";
import { pullDockets } from "./pull-dockets.ts";

const CHAIN = ledgerOf("http", [1, 2, 1, 1]);
const { registerId } = CHAIN;
const KEY = "sr_a-key-of-the-peer";

let server: ReplicationServer;
let timers: ManualTimers;
let peer: HttpRegisterPeer;

beforeEach(async () => {
  server = await ReplicationServer.start();
  timers = new ManualTimers();
  peer = new HttpRegisterPeer({ url: server.url, key: KEY, timers });
});
afterEach(() => server[Symbol.asyncDispose]());

const entries = (...heights: number[]) => Buffer.concat(docketsAt(CHAIN, ...heights).map(encodeDocketEntry));
const pull = (start = 0n, end = 3n, signal?: AbortSignal) => pullDockets(peer, registerId, { start, end, signal });
const sent = ({ dockets }: { readonly dockets: readonly DocketBytes[] }) =>
  dockets.map(({ height, bytes }) => [height, Buffer.from(bytes)]);
const expected = (...heights: number[]) =>
  docketsAt(CHAIN, ...heights).map(({ height, bytes }) => [height, Buffer.from(bytes)]);

function answerWith(write: (response: ServerResponse) => void): void {
  server.answer = (_request, response) => {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    write(response);
  };
}

describe("dockets", () => {
  it("come as they were sent, with the key, however the bytes are cut", async () => {
    let authorization: string | undefined;
    server.answer = (request, response) => {
      ({ authorization } = request.headers);
      response.writeHead(200);
      for (const byte of entries(1, 2, 3)) response.write(Uint8Array.of(byte));
      response.end();
    };
    const pulled = await pull(1n);
    expect(pulled.error).toBeUndefined();
    expect(sent(pulled)).toEqual(expected(1, 2, 3));
    expect(authorization).toBe(`Bearer ${KEY}`);
    expect(server.asked).toEqual([`/v1/register/replication/dockets?registerId=${registerId}&from=1&to=3`]);
  });

  it("are none when there are none", async () => {
    answerWith((response) => response.end());
    expect(await pull()).toEqual({ dockets: [], error: undefined });
  });

  it.each([
    ["too many", entries(0, 1, 2, 3, 3)],
    ["twice the same", entries(0, 0, 1)],
    ["others than asked for", entries(1, 2)],
    ["broken off within one, and called whole", entries(0, 1).subarray(0, -1)],
    ["longer than one may be", Buffer.from("0000000000000000ffffffff", "hex")],
  ])("that are %s are not taken, and none of the answer", async (_what, bytes) => {
    answerWith((response) => response.end(bytes));
    expect(await pull()).toMatchObject({ dockets: [], error: { code: "register_peer_not_valid" } });
  });

  it("of more bytes than one answer may have are not taken", async () => {
    const big = new Uint8Array(14 * 2 ** 20);
    answerWith((response) => {
      for (const height of [0n, 1n, 2n]) response.write(encodeDocketEntry({ height, bytes: big }));
      response.end();
    });
    expect(await pull()).toMatchObject({ dockets: [], error: { code: "register_peer_not_valid" } });
  });

  it("that came before the connection broke are kept", async () => {
    answerWith((response) => {
      response.write(entries(0, 1), () => response.destroy());
    });
    const pulled = await pull();
    expect(pulled.error).toMatchObject({ code: "register_peer_unavailable" });
    expect([[], expected(0), expected(0, 1)]).toContainEqual(sent(pulled));
  });

  it.each([401, 403, 404, 500, 503])("are not to be had with status %i", async (status) => {
    server.answer = (_request, response) => response.writeHead(status).end("{}");
    expect(await pull()).toMatchObject({
      dockets: [],
      error: { code: "register_peer_unavailable", details: { status } },
    });
  });

  it("are not looked for elsewhere", async () => {
    server.answer = (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end();
    expect(await pull()).toMatchObject({ error: { code: "register_peer_unavailable" } });
    expect(server.asked).toHaveLength(1);
  });
});

describe("a peer that does not answer", () => {
  const answered = async (request: Promise<unknown>) => {
    let isOver = false;
    const over = request.finally(() => {
      isOver = true;
    });
    return { over, isOver: () => isOver };
  };

  it("is given up after 30 s", async () => {
    const asked = Promise.withResolvers<void>();
    server.answer = () => asked.resolve();
    const { over, isOver } = await answered(pull());
    await asked.promise;
    await timers.advance(29_999);
    expect(isOver()).toBe(false);
    await timers.advance(1);
    expect(await over).toMatchObject({ dockets: [], error: { code: "register_peer_unavailable" } });
    expect(timers.waiting).toBe(0);
  });

  it("is given up 30 s after its last bytes, which are kept if they are a docket", async () => {
    const begun = Promise.withResolvers<void>();
    answerWith((response) => response.write(entries(0), () => begun.resolve()));
    const request = pull();
    await begun.promise;
    for (let turn = 0; turn < 50; turn++) await settled();
    await timers.advance(30_000);
    expect(await request).toMatchObject({ error: { code: "register_peer_unavailable" } });
  });

  it("is given up after five minutes however busy it is", async () => {
    const patience = new Patience({ timers, idleMs: 30_000, totalMs: 300_000, signal: undefined });
    for (let passedMs = 0; passedMs < 300_000; passedMs += 10_000) {
      expect(patience.signal.aborted).toBe(false);
      await timers.advance(10_000);
      patience.renew();
    }
    expect(patience.signal.aborted).toBe(true);
    patience.end();
    expect(timers.waiting).toBe(0);
  });

  it("is not given up while it is waited for the caller", async () => {
    const patience = new Patience({ timers, idleMs: 30_000, totalMs: 300_000, signal: undefined });
    patience.pause();
    await timers.advance(200_000);
    expect(patience.signal.aborted).toBe(false);
    patience.end();
  });

  it("is given up when the caller has enough", async () => {
    const asked = Promise.withResolvers<void>();
    server.answer = () => asked.resolve();
    const caller = new AbortController();
    const request = pull(0n, 3n, caller.signal);
    await asked.promise;
    caller.abort();
    await expect(request).rejects.toMatchObject({ code: "aborted" });
  });

  it("may not be there at all", async () => {
    const gone = new HttpRegisterPeer({ url: "http://127.0.0.1:1", timers });
    expect(await pullDockets(gone, registerId, { start: 0n, end: 0n })).toMatchObject({
      error: { code: "register_peer_unavailable" },
    });
  });
});

describe("a head", () => {
  const head = {
    registerId,
    charter: CHAIN.charter,
    size: "4",
    note: checkpointOf(CHAIN, 4).note,
  };
  const answerJson = (body: unknown) => {
    server.answer = (_request, response) => response.writeHead(200).end(JSON.stringify(body));
  };

  it("is what the peer says", async () => {
    answerJson(head);
    expect(await peer.head(registerId)).toEqual({ ...head, size: 4n });
    expect(await peer.head(undefined)).toMatchObject({ registerId });
    expect(server.asked).toEqual([
      `/v1/register/replication/head?registerId=${registerId}`,
      "/v1/register/replication/head",
    ]);
  });

  it.each([
    { ...head, size: 4 },
    { ...head, size: "-1" },
    { ...head, registerId: 1 },
    { ...head, note: 7 },
    [],
    null,
    7,
  ])("is refused when it is none: %j", async (body) => {
    answerJson(body);
    await expect(peer.head(registerId)).rejects.toMatchObject({ code: "register_peer_not_valid" });
  });

  it("is refused when it is no JSON, or very long", async () => {
    server.answer = (_request, response) => response.writeHead(200).end("{");
    await expect(peer.head(registerId)).rejects.toMatchObject({ code: "register_peer_not_valid" });
    server.answer = (_request, response) => response.writeHead(200).end(" ".repeat(3 * 2 ** 20));
    await expect(peer.head(registerId)).rejects.toMatchObject({ code: "register_peer_not_valid" });
  });
});
