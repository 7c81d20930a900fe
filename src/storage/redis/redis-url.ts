import { VaultError } from "../../errors.ts";

/**
 * Where a server is and who connects, read from `redis://user:password@host:port/0`; `rediss:` is the same over TLS.
 */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  readonly tls: { readonly servername: string } | undefined;
}

/** @throws `invalid_configuration`, which does not quote the URL */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !isRedisUrl(url)) {
    throw new VaultError("invalid_configuration", "The Redis URL cannot be read.", {
      hint: "It has the form redis://user:password@host:port/0, or rediss:// for TLS; escape special characters.",
    });
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1)),
    username: url.username ? decodeURIComponent(url.username) : undefined,
    password: url.password ? decodeURIComponent(url.password) : undefined,
    tls: url.protocol === "rediss:" ? { servername: host } : undefined,
  };
}

function isRedisUrl(url: URL): boolean {
  const isEscaped = !/%(?![0-9a-f]{2})/i.test(url.username + url.password);
  return (
    /^rediss?:$/.test(url.protocol) && !!url.hostname && !url.search && /^\/?\d{0,5}$/.test(url.pathname) && isEscaped
  );
}
