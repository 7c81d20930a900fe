import { z } from "zod";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { checkpointPage, REGISTER_TAG } from "../../schemas/register-schemas.ts";

export const listCheckpoints = defineRoute({
  name: "listCheckpoints",
  method: "GET",
  path: "/v1/register/checkpoints",
  permission: "register:read",
  summary: "List checkpoints, newest first",
  tag: REGISTER_TAG,
  query: z.strictObject(pageQuery),
  answers: { 200: checkpointPage },
  errors: ["invalid_cursor", "register_not_found", "register_offline"],
  async handle({ vault, query }) {
    const { items, nextCursor } = await vault.register.checkpoints(query);
    return { status: 200, body: { items: items.map((each) => ({ ...each, size: each.size.toString() })), nextCursor } };
  },
});
