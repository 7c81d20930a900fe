import { z } from "zod";
import { OPERATIONAL_STATES } from "../../register/operational-state.ts";
import { RECEIPT_FORMAT } from "../../register/receipts/receipt.ts";
import { heightIn } from "../../register/register-lookups.ts";
import { pageSchema } from "../page-schema.ts";
import { instantOutput } from "../value-schemas.ts";
import { jsonObject } from "./basic-schemas.ts";

export const REGISTER_TAG = "Register";

/* What requests say. */

const HASH_PATTERN = /^[0-9a-f]{64}$/;

/** A height or a size in a request: decimal digits without a zero in front, up to 2^63 - 1. */
const numberInput: z.ZodType<bigint, string> = z
  .string()
  .meta({ pattern: "^(0|[1-9][0-9]{0,18})$" })
  .transform((text, context) => {
    const number = heightIn(text);
    if (number !== undefined) return number;
    context.addIssue({ code: "custom", message: "Expected a whole number from 0 to 2^63 - 1" });
    return z.NEVER;
  });

export const heightInput: typeof numberInput = numberInput;
export const sizeInput: typeof numberInput = numberInput;
export const hashInput = z.string().regex(HASH_PATTERN, "Expected 64 hexadecimal digits in lower case");
export const transactionTypeInput = z
  .string()
  .regex(/^[a-z_]{1,64}$/, "Expected the type of an event, or genesis")
  .meta({ description: "The type of the event, or `genesis`." });

export const registerIdInput = z.string().regex(/^[0-9a-f]{32}$/, "Expected 32 hexadecimal digits in lower case");
export const docketPath = z.strictObject({ height: heightInput });
export const transactionPath = z.strictObject({ transactionId: hashInput });

/* What answers say. */

const hash = z.string().meta({ description: "64 hexadecimal digits." });
const keyId = z.string().meta({ description: "32 hexadecimal digits." });
const number64 = z.string().meta({ description: "A 64-bit number as decimal digits." });
const note = z.string().meta({ description: "A signed note, as c2sp.org/tlog-checkpoint has it." });

const progress = z.strictObject({
  examined: number64,
  total: number64,
  perSecond: z.int().meta({ description: "Dockets." }),
});

const corruptedRange = z
  .strictObject({
    type: z.string(),
    startHeight: number64,
    endHeight: number64.meta({ description: "Inclusive." }),
    details: z.string(),
    transactionIds: z.array(hash).meta({ description: "Those that are known to be concerned." }),
    detectedAt: instantOutput,
    recoveryAttempts: z.int(),
    lastRecoveryAttempt: instantOutput.nullable(),
    recoveryStatus: z.string(),
    message: z.string().nullable().meta({ description: "How the last attempt went." }),
  })
  .meta({ id: "CorruptedRange" });

const replica = z.strictObject({
  source: z.string(),
  sourceSize: number64.nullable().meta({ description: "Dockets that the newest checkpoint there covers." }),
  behind: number64.nullable().meta({ description: "Dockets that are missing here." }),
  lastContactAt: instantOutput.nullable(),
  problem: z.string().nullable(),
  isFollowing: z.boolean().meta({ description: "false once the source has shown two different registers." }),
});

const scrub = z.strictObject({
  position: number64.meta({ description: "The next height that is verified again." }),
  completedAt: instantOutput.nullable().meta({ description: "The end of the last round over all dockets." }),
  oldestCheckAt: instantOutput.nullable().meta({ description: "When the docket was that was not for longest." }),
  ageMs: z.int().nullable().meta({ description: "Since then." }),
});

export const registerStatus = z
  .strictObject({
    registerId: z.string().meta({ description: "32 hexadecimal digits." }),
    kind: z.enum(["own", "replica"]).meta({ description: "`own` is sealed here." }),
    charter: jsonObject.meta({ description: "The record that the id is the hash of." }),
    state: z.strictObject({
      state: z.enum(OPERATIONAL_STATES),
      message: z.string().nullable(),
      lastStateChange: instantOutput,
      progress: progress.nullable().meta({ description: "Of a verification that is under way." }),
    }),
    counts: z.strictObject({
      verifiedCount: number64,
      contiguousHeight: number64.nullable().meta({ description: "Up to here every docket is verified." }),
      highestHeight: number64.nullable(),
      totalCount: number64.meta({ description: "Dockets that there ought to be." }),
    }),
    corruptedRanges: z.array(corruptedRange),
    checkpoint: z.strictObject({ size: number64, root: hash, note }).nullable(),
    checkpointVerifier: z
      .string()
      .nullable()
      .meta({ description: "The key that signs checkpoints, as c2sp.org/signed-note writes it: what outsiders pin." }),
    scrub: scrub.nullable().meta({ description: "How far the background verification is." }),
    replica: replica.nullable().meta({ description: "Of a copy: how it stands to the register that it follows." }),
  })
  .meta({ id: "RegisterStatus" });

export const replicationHead = z
  .strictObject({
    registerId: z.string(),
    charter: jsonObject,
    size: number64.meta({ description: "Verified dockets from height 0 without a gap." }),
    note: note.nullable().meta({ description: "The newest checkpoint." }),
  })
  .meta({ id: "ReplicationHead" });

const signature = z.strictObject({ alg: z.string(), keyId, sig: z.string() });

const docketMembers = {
  height: number64,
  hash,
  header: jsonObject.meta({ description: "The record that the hash is made of." }),
  seal: signature,
  verifiedAt: instantOutput,
};

export const docket = z
  .strictObject({
    ...docketMembers,
    transactionIds: z.array(hash),
    bytes: z.string().optional().meta({ description: "The whole docket in base64, as it is kept." }),
  })
  .meta({ id: "Docket" });

const docketSummary = z.strictObject(docketMembers).meta({ id: "DocketSummary" });

export const docketPage = z
  .strictObject({
    items: z.array(docketSummary),
    complete: z.boolean().meta({ description: "Whether no docket of the page was left out." }),
    gaps: z.array(
      z.strictObject({
        startHeight: number64,
        endHeight: number64.meta({ description: "Inclusive." }),
        reason: z.enum(["NotYetVerified", "Corrupted", "Beyond"]),
      }),
    ),
    nextCursor: z.string().nullable().meta({ description: "`null` on the last page." }),
  })
  .meta({ id: "DocketPage" });

export const transaction = z
  .strictObject({
    transactionId: hash,
    height: number64,
    index: z.int().meta({ description: "Its place in the docket." }),
    body: jsonObject.meta({ description: "What was signed; the id is its hash." }),
    signatures: z.array(signature),
    sealedAt: instantOutput,
    verifiedAt: instantOutput,
  })
  .meta({ id: "Transaction" });

export const transactionPage = pageSchema(transaction);

const provenTransaction = z
  .strictObject({
    transaction: jsonObject,
    index: z.int(),
    transactionPath: z.array(hash),
    docket: z.strictObject({ header: jsonObject, seal: jsonObject }),
    docketPath: z.array(hash),
  })
  .meta({ id: "ProvenTransaction" });

export const receipt = z
  .strictObject({
    format: z.literal(RECEIPT_FORMAT),
    registerId: z.string(),
    charter: jsonObject,
    checkpoint: note,
    proof: provenTransaction,
    keys: z.array(provenTransaction),
    disclosure: z
      .strictObject({
        event: jsonObject,
        secret: z.string(),
        value: z.strictObject({ value: z.unknown(), secret: z.string() }).optional(),
      })
      .optional()
      .meta({ description: "What opens the commitments: whoever has it can check the event and the value." }),
  })
  .meta({ id: "Receipt" });

export const consistencyProof = z
  .strictObject({
    from: number64,
    fromRoot: hash,
    to: number64,
    toRoot: hash,
    proof: z.array(hash).meta({ description: "As RFC 9162, 2.1.4, has it." }),
  })
  .meta({ id: "ConsistencyProof" });

export const checkpointPage = pageSchema(
  z.strictObject({ size: number64, note, signedAt: instantOutput }).meta({ id: "Checkpoint" }),
);

export const recoveryReport = z
  .strictObject({
    docketsRecovered: z.int(),
    transactionsRecovered: z.int(),
    remaining: z.array(corruptedRange),
  })
  .meta({ id: "RecoveryReport" });

export const verificationReport = z
  .strictObject({
    registerId: z.string(),
    verifiedDocketCount: number64,
    totalDocketCount: number64,
    corruptedRanges: z.array(
      z.strictObject({
        type: z.string(),
        startHeight: number64,
        endHeight: number64.meta({ description: "Inclusive." }),
        details: z.string(),
        transactionIds: z.array(hash),
      }),
    ),
    durationMs: z.int(),
    resultingState: z.enum(OPERATIONAL_STATES),
    hasCorruption: z.boolean(),
    isFullyVerified: z.boolean(),
    verificationRate: z.int().meta({ description: "Dockets verified in each second." }),
  })
  .meta({ id: "VerificationReport" });

const sealedMembers = { status: z.literal("sealed"), height: number64, transactionId: hash };
const pending = z.strictObject({ status: z.literal("pending") });

/** Whether something is in the register, and where. */
export const seal = z.union([pending, z.strictObject(sealedMembers)]).meta({ id: "Seal" });

/** Of an event, with where its receipt is. */
export const ledgerPlace = z
  .union([pending, z.strictObject({ ...sealedMembers, receipt: z.string() })])
  .meta({ id: "LedgerPlace" });
