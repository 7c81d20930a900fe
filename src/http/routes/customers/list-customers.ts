import { z } from "zod";
import { CHANNEL_USER_ID_LENGTH_MAX, CHANNELS, EXTERNAL_ID_LENGTH_MAX } from "../../../profiles/customer.ts";
import { storableText } from "../../../schema/input-shape.ts";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { customerPage } from "../../schemas/profile-schemas.ts";

const query = z
  .strictObject({
    ...pageQuery,
    channel: z.enum(CHANNELS).optional(),
    channelUserId: storableText(CHANNEL_USER_ID_LENGTH_MAX).optional(),
    externalId: storableText(EXTERNAL_ID_LENGTH_MAX).optional(),
    q: storableText(100)
      .optional()
      .meta({ description: "Prefix of any active text value that is neither personal data nor encrypted." }),
  })
  .refine(({ channel, channelUserId }) => (channel === undefined) === (channelUserId === undefined), {
    path: ["channelUserId"],
    message: "channel and channelUserId go together.",
  });

export const listCustomers = defineRoute({
  name: "listCustomers",
  method: "GET",
  path: "/v1/customers",
  permission: "profile:read",
  summary: "List customers",
  description: "Newest first. At most one of the filters: channel with channelUserId, externalId, q.",
  tag: "Customers",
  query,
  answers: { 200: customerPage },
  errors: ["invalid_cursor"],
  async handle({ vault, query: { limit, cursor, channel, channelUserId, externalId, q } }) {
    const identity = channel !== undefined && channelUserId !== undefined ? { channel, channelUserId } : undefined;
    const filter = { identity, externalId, textPrefix: q };
    return { status: 200, body: await vault.customers.list(filter, { limit, cursor }) };
  },
});
