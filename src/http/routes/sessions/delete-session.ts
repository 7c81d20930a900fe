import { defineRoute } from "../../route.ts";
import { sessionPath } from "../../schemas/path-schemas.ts";

export const deleteSession = defineRoute({
  name: "deleteSession",
  method: "DELETE",
  path: "/v1/sessions/:sessionId",
  permission: "session:write",
  summary: "Delete a session",
  description: "Forgets the session and everything in it at once. To end a conversation, set its status to `closed`.",
  tag: "Sessions",
  params: sessionPath,
  answers: { 204: null },
  errors: ["session_not_found"],
  async handle({ vault, params }) {
    await vault.sessions.delete(params.sessionId);
    return { status: 204 };
  },
});
