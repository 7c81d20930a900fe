import { z } from "zod";
import { docketJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { flag } from "../../schemas/basic-schemas.ts";
import { docket, docketPath, REGISTER_TAG } from "../../schemas/register-schemas.ts";

export const getDocket = defineRoute({
  name: "getDocket",
  method: "GET",
  path: "/v1/register/dockets/:height",
  permission: "register:read",
  summary: "Read a docket",
  description: "A problem says in `reason` why there is none: `NotYetVerified`, `Corrupted` or `Beyond`.",
  tag: REGISTER_TAG,
  params: docketPath,
  query: z.strictObject({ bytes: flag().meta({ description: "Adds the whole docket, as it is kept." }) }),
  answers: { 200: docket },
  errors: ["docket_not_found", "register_not_found", "register_offline"],
  async handle({ vault, params, query }) {
    return { status: 200, body: docketJson(await vault.register.docket(params.height), query.bytes) };
  },
});
