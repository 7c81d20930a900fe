import { defineRoute } from "../../route.ts";
import { mergePath } from "../../schemas/path-schemas.ts";
import { mergeSummary } from "../../schemas/profile-schemas.ts";

export const undoMerge = defineRoute({
  name: "undoMerge",
  method: "POST",
  path: "/v1/merges/:mergeId/undo",
  permission: "profile:merge",
  summary: "Take a merge back",
  description:
    "Restores both profiles exactly when the survivor has not changed since; otherwise what came later stays with it.",
  tag: "Merges",
  params: mergePath,
  answers: { 200: mergeSummary },
  errors: ["merge_not_found", "merge_not_possible", "write_conflict"],
  async handle({ vault, params }) {
    return { status: 200, body: await vault.merges.undo(params.mergeId) };
  },
});
