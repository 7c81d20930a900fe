import { type ClientRequest, type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { VaultError } from "../../errors.ts";

/** What a server is asked. */
export interface Question {
  /** Of the server. */
  readonly url: string;
  readonly key: string;
  readonly path: string;
  /** As JSON; what has one is posted. */
  readonly body?: object;
  /** How long the server may say nothing; for as long as it lives when left out. */
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** `undefined` for what is no JSON. */
  readonly body: unknown;
}

/** A host that went away without a word is noticed some ten seconds after this. */
const PROBE_AFTER_MS = 30_000;

/**
 * Asks a server, and waits for the whole answer: not with `fetch`, which gives up when one takes longer than five minutes to begin.
 * Rejects with `server_unreachable`.
 */
export async function askServer(question: Question): Promise<Answer> {
  const connection = { isOpen: false, isLate: false };
  try {
    const response = await responseTo(begun(question, connection));
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status: response.statusCode ?? 0, body: jsonIn(Buffer.concat(chunks).toString()) };
  } catch (cause) {
    throw unreachable(question, connection, cause);
  }
}

interface Connection {
  isOpen: boolean;
  isLate: boolean;
}

function begun({ url, key, path, body, withinMs, signal }: Question, connection: Connection): ClientRequest {
  const address = new URL(path, url);
  const isSecure = address.protocol === "https:";
  const request = (isSecure ? overHttps : overHttp)(address, {
    method: body ? "POST" : "GET",
    headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
    agent: false,
    ...(signal && { signal }),
  });
  request.setSocketKeepAlive(true, PROBE_AFTER_MS);
  request.once("socket", (socket) => {
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      connection.isOpen = true;
    });
  });
  if (withinMs !== undefined) {
    request.setTimeout(withinMs, () => {
      connection.isLate = true;
      request.destroy();
    });
  }
  request.end(body && JSON.stringify(body));
  return request;
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject);
  });
}

function unreachable({ url, body, signal }: Question, { isOpen, isLate }: Connection, cause: unknown): VaultError {
  const { origin } = new URL(url);
  if (!isOpen) return new VaultError("server_unreachable", `${origin} does not answer.`, { cause });
  const isSilent = isLate || signal?.aborted;
  const message = `${origin} ${isSilent ? "has stopped answering" : "went away before it had answered"}.`;
  const hint = "If the server still runs, so does what it was told to do: look at `strongroom register status`.";
  return new VaultError("server_unreachable", message, { cause, ...(body && { hint }) });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
