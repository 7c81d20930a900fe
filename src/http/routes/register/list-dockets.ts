import { z } from "zod";
import { pageQuery } from "../../page-schema.ts";
import { docketPageJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { docketPage, heightInput, REGISTER_TAG } from "../../schemas/register-schemas.ts";

export const listDockets = defineRoute({
  name: "listDockets",
  method: "GET",
  path: "/v1/register/dockets",
  permission: "register:read",
  summary: "List dockets by height",
  description: "Verified ones only; `limit` counts heights, and `gaps` names those that are left out.",
  tag: REGISTER_TAG,
  query: z.strictObject({
    from: heightInput.optional().meta({ description: "The first height of the first page; 0 when left out." }),
    ...pageQuery,
  }),
  answers: { 200: docketPage },
  errors: ["invalid_cursor", "register_not_found", "register_offline"],
  async handle({ vault, query: { from = 0n, limit, cursor } }) {
    return { status: 200, body: docketPageJson(await vault.register.dockets(from, { limit, cursor })) };
  },
});
