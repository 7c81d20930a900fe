import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";

/** The part of the test runner's own bundler that is used here. */
interface Bundler {
  readonly build: (options: {
    readonly input: string;
    readonly cwd: string;
    readonly platform: "browser";
    readonly write: false;
    readonly output: { readonly format: "iife"; readonly name: string };
  }) => Promise<{ readonly output: readonly { readonly code: string; readonly imports: readonly string[] }[] }>;
}

/** What a project's page loads: one script with everything in it that a module of that project exports, as `bundle`. */
export async function bundleForBrowser(directory: string, source: string): Promise<string> {
  const input = join(directory, "page.mjs");
  await writeFile(input, source);
  const { build } = await bundler();
  const { output } = await build({
    input,
    cwd: directory,
    platform: "browser",
    write: false,
    output: { format: "iife", name: "bundle" },
  });
  const [chunk, ...rest] = output;
  if (!chunk || rest.length > 0 || chunk.imports.length > 0) throw new RangeError("the bundle is not whole");
  return chunk.code;
}

async function bundler(): Promise<Bundler> {
  const runner = createRequire(createRequire(import.meta.url).resolve("vitest/package.json"));
  const path = createRequire(runner.resolve("vite")).resolve("rolldown");
  return (await import(pathToFileURL(path).href)) as Bundler;
}

/**
 * Runs a script where there is nothing but the language and what every browser has besides, and calls one of its exports.
 * Arguments and result go through JSON, since objects of one realm are no instances of another's classes.
 */
export function browserCaller(script: string): (name: string, ...arguments_: readonly unknown[]) => unknown {
  const encoder = new TextEncoder();
  const context = createContext({
    host: {
      encode: (text: string) => Array.from(encoder.encode(text)),
      decoder: (label: string, options: ConstructorParameters<typeof TextDecoder>[1]) =>
        new TextDecoder(label, options),
      fill: (bytes: Uint8Array) => void crypto.getRandomValues(bytes),
      atob,
      btoa,
    },
  });
  runInContext(BROWSER, context);
  runInContext(script, context);
  return (name, ...arguments_) => {
    const call = `JSON.stringify(bundle[${JSON.stringify(name)}](...JSON.parse(${JSON.stringify(JSON.stringify(arguments_))})))`;
    return JSON.parse(runInContext(call, context) as string);
  };
}

/** What a browser has besides the language, made of the host's, with the arrays of its own realm. */
const BROWSER = `
  const { encode, decoder, fill, atob: toBytes, btoa: toText } = host;
  delete globalThis.host;
  globalThis.TextEncoder = class { encode(text) { return Uint8Array.from(encode(text)); } };
  globalThis.TextDecoder = class {
    #decoder;
    constructor(label, options) { this.#decoder = decoder(label, options); }
    decode(bytes) { return this.#decoder.decode(bytes); }
  };
  globalThis.crypto = { getRandomValues(bytes) { fill(bytes); return bytes; } };
  globalThis.atob = (text) => toBytes(text);
  globalThis.btoa = (text) => toText(text);
  globalThis.window = globalThis;
`;
