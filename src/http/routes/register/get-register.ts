import { statusJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { REGISTER_TAG, registerStatus } from "../../schemas/register-schemas.ts";

export const getRegister = defineRoute({
  name: "getRegister",
  method: "GET",
  path: "/v1/register",
  permission: "register:read",
  summary: "Read the state of the tenant's register",
  description:
    "Every answer under this heading says in `X-Register-State` what the register is doing, and in `X-Register-Partial: true` that it is being verified: what is not verified yet is missing from the answer.",
  tag: REGISTER_TAG,
  answers: { 200: registerStatus },
  errors: ["register_not_found", "register_offline"],
  handle: async ({ vault }) => ({ status: 200, body: statusJson(await vault.register.status()) }),
});
