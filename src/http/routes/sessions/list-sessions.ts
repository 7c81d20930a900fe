import { z } from "zod";
import { invariant } from "../../../errors.ts";
import type { AgentId, CustomerId } from "../../../identifiers.ts";
import { CHANNEL_USER_ID_LENGTH_MAX, CHANNELS } from "../../../profiles/customer.ts";
import { storableText } from "../../../schema/input-shape.ts";
import { SESSION_STATUSES } from "../../../sessions/session.ts";
import type { SessionSelector } from "../../../sessions/session-store.ts";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { sessionList } from "../../schemas/session-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

const query = z
  .strictObject({
    ...pageQuery,
    agentId: idSchema<AgentId>().optional(),
    customerId: idSchema<CustomerId>().optional(),
    channel: z.enum(CHANNELS).optional(),
    channelUserId: storableText(CHANNEL_USER_ID_LENGTH_MAX).optional(),
    status: z.enum(SESSION_STATUSES).optional(),
  })
  .refine(({ channel, channelUserId }) => (channel === undefined) === (channelUserId === undefined), {
    path: ["channelUserId"],
    message: "channel and channelUserId go together.",
  })
  .refine(({ agentId, customerId, channel }) => [agentId, customerId, channel].filter(Boolean).length === 1, {
    message: "Name one of agentId, customerId, and channel with channelUserId.",
  });

export const listSessions = defineRoute({
  name: "listSessions",
  method: "GET",
  path: "/v1/sessions",
  permission: "session:read",
  summary: "List sessions",
  description: "Latest activity first, of one agent, one customer or one user of a channel.",
  tag: "Sessions",
  query,
  answers: { 200: sessionList },
  errors: ["invalid_cursor"],
  async handle({ vault, query: { limit, cursor, status, ...selection } }) {
    return { status: 200, body: await vault.sessions.list(selectorOf(selection), { limit, cursor, status }) };
  },
});

type Selection = Pick<z.output<typeof query>, "agentId" | "customerId" | "channel" | "channelUserId">;

function selectorOf({ agentId, customerId, channel, channelUserId }: Selection): SessionSelector {
  if (agentId !== undefined) return { by: "agent", agentId };
  if (customerId !== undefined) return { by: "customer", customerId };
  invariant(channel !== undefined && channelUserId !== undefined, "the query names a selector");
  return { by: "channel", channel, channelUserId };
}
