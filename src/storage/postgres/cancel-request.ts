import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import pg from "pg";

/** The driver's wire connection, as far as a request to cancel needs it; its published types leave this out. */
interface WireConnection extends EventEmitter {
  readonly stream: Duplex;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

interface DriverClient {
  readonly connection: WireConnection;
  readonly host: string;
  readonly port: number;
  readonly ssl: unknown;
  readonly sslNegotiation: string;
}

/** What the server told a connection about itself, to cancel its statements with. */
interface BackendKey {
  readonly processID: number;
  readonly secretKey: number;
}

/**
 * Asks the server, over a connection of its own, to cancel what `target` runs at the moment; the server never says
 * whether there was something. It ends the connection once the signal is sent, so after this promise has resolved no later
 * statement of `target` can be hit.
 *
 * Rejects with the driver's error when the server cannot be asked within `timeoutMs`.
 */
export function cancelRequest(config: pg.ClientConfig, target: pg.ClientBase, timeoutMs: number): Promise<void> {
  const client = new pg.Client(config) as unknown as DriverClient;
  const { connection } = client;
  const { processID, secretKey } = target as unknown as BackendKey;
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => connection.stream.destroy(new Error("timeout expired")), timeoutMs);
    const send = (): void => connection.cancel(processID, secretKey);
    // The listeners stay: errors may come one after the other, and one without a listener would end the process.
    connection.on("error", reject);
    connection.once("end", () => {
      clearTimeout(deadline);
      resolve();
    });
    connection.once("connect", () => {
      if (!client.ssl) send();
      else if (client.sslNegotiation !== "direct") connection.requestSsl();
    });
    connection.once("sslconnect", send);
    if (client.host.startsWith("/")) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else connection.connect(client.port, client.host);
  });
}
