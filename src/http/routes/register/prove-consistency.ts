import { z } from "zod";
import { consistencyJson } from "../../register-answers.ts";
import { defineRoute } from "../../route.ts";
import { consistencyProof, REGISTER_TAG, sizeInput } from "../../schemas/register-schemas.ts";

export const proveConsistency = defineRoute({
  name: "proveConsistency",
  method: "GET",
  path: "/v1/register/proofs/consistency",
  permission: "register:read",
  summary: "Prove that the register has only grown",
  description: "That the log of one size begins with the log of a smaller one, as checkpoints name them.",
  tag: REGISTER_TAG,
  query: z.strictObject({
    from: sizeInput.meta({ description: "The smaller size, from 1 on." }),
    to: sizeInput.meta({ description: "At most the size of the register." }),
  }),
  answers: { 200: consistencyProof },
  errors: ["integrity_violation", "register_not_found", "register_offline"],
  async handle({ vault, query: { from, to } }) {
    return { status: 200, body: consistencyJson(await vault.register.consistency(from, to)) };
  },
});
