import { Readable } from "node:stream";
import { z } from "zod";
import { encodeDocketEntry } from "../../../register/replication/docket-stream.ts";
import type { DocketBytes } from "../../../register/verification/docket-examiner.ts";
import { defineRoute } from "../../route.ts";
import { heightInput, REGISTER_TAG, registerIdInput } from "../../schemas/register-schemas.ts";

export const getReplicationDockets = defineRoute({
  name: "getReplicationDockets",
  method: "GET",
  path: "/v1/register/replication/dockets",
  permission: "register:read",
  summary: "Read the bytes of many dockets, to copy the register",
  description:
    "Of each docket its height in 8 bytes, its length in 4, both big-endian, and its bytes. Ends before the first docket that is not verified, after 1,000 dockets, and before more than 32 MiB.",
  tag: REGISTER_TAG,
  query: z.strictObject({
    from: heightInput,
    to: heightInput.meta({ description: "Inclusive." }),
    registerId: registerIdInput,
  }),
  answers: { 200: z.any().meta({ type: "string", format: "binary" }) },
  mediaType: "application/octet-stream",
  errors: ["register_not_found", "register_offline"],
  async handle({ vault, query: { from: start, to: end, registerId } }) {
    const dockets = await vault.register.replicationDockets(registerId, { start, end });
    const body = Readable.from(entriesOf(dockets), { objectMode: false });
    return { status: 200, headers: { "content-type": "application/octet-stream" }, body };
  },
});

async function* entriesOf(dockets: AsyncIterable<DocketBytes>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const docket of dockets) yield encodeDocketEntry(docket);
}
