import { writeFileSync } from "node:fs";
import { computeRegisterVectors } from "../test/vectors/register-vectors.ts";

/*
 * Writes test/vectors/register.json, to be formatted by `npx biome check --write` afterwards. A test says when the file
 * is not what is computed.
 */

const FILE = new URL("../test/vectors/register.json", import.meta.url);

writeFileSync(FILE, JSON.stringify(computeRegisterVectors()));
