import { z } from "zod";
import type { ApiKeyId } from "../../identifiers.ts";
import type { JsonObject } from "../../json.ts";
import { storableText } from "../../schema/input-shape.ts";
import { MESSAGE_KINDS } from "../../signatures/domain-separated.ts";
import { RECORD_BYTES_MAX, RECORD_DEPTH_MAX } from "../../signatures/protocol-record.ts";
import { SUITE_IDS } from "../../signatures/signature-suite.ts";
import {
  CALLER_PURPOSES,
  GRANT_REASON_LENGTH_MAX,
  GRANT_RIGHTS,
  METADATA_MEMBERS_MAX,
  METADATA_NAME_LENGTH_MAX,
  METADATA_TEXT_LENGTH_MAX,
  SYSTEM_ROLES,
  WALLET_DESCRIPTION_LENGTH_MAX,
  WALLET_NAME_LENGTH_MAX,
  WALLET_STATUSES,
} from "../../wallets/wallet.ts";
import { pageSchema } from "../page-schema.ts";
import { idSchema, instantInput, instantOutput } from "../value-schemas.ts";
import { id } from "./basic-schemas.ts";

export const WALLET_TAG = "Wallets";

/* What requests say. */

const name = storableText(WALLET_NAME_LENGTH_MAX);
const description = storableText(WALLET_DESCRIPTION_LENGTH_MAX).nullable().optional();
const algorithm = z.enum(SUITE_IDS);
const scalar = z.union([storableText(METADATA_TEXT_LENGTH_MAX).or(z.literal("")), z.number(), z.boolean(), z.null()]);
const metadata = z
  .record(storableText(METADATA_NAME_LENGTH_MAX), scalar)
  .refine((members) => Object.keys(members).length <= METADATA_MEMBERS_MAX, `Has over ${METADATA_MEMBERS_MAX} members.`)
  .optional()
  .meta({ description: `Flat: at most ${METADATA_MEMBERS_MAX} texts, numbers, booleans and nulls. Not for secrets.` });

export const walletInput = z.strictObject({
  name,
  description,
  algorithm: algorithm.optional().meta({ description: "`ed25519` when left out." }),
  purposes: z
    .array(z.enum(CALLER_PURPOSES))
    .min(1)
    .max(CALLER_PURPOSES.length)
    .meta({ description: "The kinds of messages that it may sign." }),
  metadata,
});

export const walletPatchInput = z
  .strictObject({
    name: name.optional(),
    description,
    metadata,
    status: z
      .enum(["active", "archived", "locked"])
      .optional()
      .meta({ description: "Only `wallet:manage` takes the lock off a wallet." }),
  })
  .refine((patch) => Object.keys(patch).length > 0, "Name at least one member to change.");

export const signatureInput = z.strictObject({
  kind: z.enum(CALLER_PURPOSES),
  content: z
    .record(z.string(), z.unknown())
    .transform((value) => value as JsonObject)
    .meta({
      description:
        `What is to be signed: objects, lists, texts, booleans and integers up to 2^53 - 1 in magnitude, no null, at most ` +
        `${RECORD_DEPTH_MAX} levels and ${RECORD_BYTES_MAX} bytes.`,
    }),
});

export const walletGrantInput = z.strictObject({
  grantee: idSchema<ApiKeyId>().meta({ description: "An API key of the tenant." }),
  right: z.enum(GRANT_RIGHTS).meta({ description: "`sign` covers `read`." }),
  reason: storableText(GRANT_REASON_LENGTH_MAX).nullable().optional(),
  expiresAt: instantInput
    .nullable()
    .optional()
    .meta({ description: "In the future; without it the grant lives until it is revoked." }),
});

/* What answers say. */

const hex = z.string().meta({ description: "Lower-case hexadecimal." });
const owner = z.strictObject({ type: z.enum(["api_key", "system"]), id: id.nullable() });

export const wallet = z
  .strictObject({
    id,
    name: z.string(),
    description: z.string().nullable(),
    algorithm,
    keyId: z.string().meta({ description: "Names the public key, whatever the wallet." }),
    publicKey: hex,
    keyVersion: z.int().meta({ description: "1 more with every rotation." }),
    status: z.enum(WALLET_STATUSES),
    purposes: z.array(z.enum(MESSAGE_KINDS)),
    systemRole: z
      .enum(SYSTEM_ROLES)
      .nullable()
      .meta({ description: "Set for the vault's own wallets, which callers can read and rotate." }),
    owner,
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    createdAt: instantOutput,
    updatedAt: instantOutput,
    version: z.int(),
  })
  .meta({ id: "Wallet" });

export const walletPage = pageSchema(wallet);

export const signedMessage = z
  .strictObject({
    kind: z.enum(CALLER_PURPOSES),
    keyId: z.string(),
    algorithm,
    publicKey: hex,
    signature: z.string().meta({
      description:
        "Base64, over `strongroom/<kind>/v1`, a line feed, and the canonical JSON (RFC 8785) of the content.",
    }),
    digest: z.string().meta({ description: "SHA-256 of what was signed, in lower-case hexadecimal." }),
  })
  .meta({ id: "SignedMessage" });

export const walletGrant = z
  .strictObject({
    id,
    walletId: id,
    grantee: id,
    right: z.enum(GRANT_RIGHTS),
    reason: z.string().nullable(),
    grantedBy: owner,
    grantedAt: instantOutput,
    expiresAt: instantOutput.nullable(),
    revokedAt: instantOutput.nullable(),
    revokedBy: id.nullable(),
  })
  .meta({ id: "WalletGrant" });

export const walletGrantPage = pageSchema(walletGrant);
