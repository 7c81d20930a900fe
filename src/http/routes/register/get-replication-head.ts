import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, registerIdInput, replicationHead } from "../../schemas/register-schemas.ts";

export const getReplicationHead = defineRoute({
  name: "getReplicationHead",
  method: "GET",
  path: "/v1/register/replication/head",
  permission: "register:read",
  summary: "Read where the register ends, to follow it",
  description: "Nothing of it needs to be believed: the charter's hash is the id, and its keys have signed the note.",
  tag: REGISTER_TAG,
  query: z.strictObject({ registerId: registerIdInput.optional() }),
  answers: { 200: replicationHead },
  errors: ["integrity_violation", "register_not_found", "register_offline"],
  async handle({ vault, query: { registerId } }) {
    const { charter, size, ...head } = await vault.register.replicationHead(registerId);
    return { status: 200, body: { ...head, size: size.toString(), charter: { ...(charter as object) } } };
  },
});
