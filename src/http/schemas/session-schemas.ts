import { z } from "zod";
import type { AgentId, CustomerId, ScenarioId, StepId } from "../../identifiers.ts";
import { type JsonObject, storabilityProblem } from "../../json.ts";
import { CHANNEL_USER_ID_LENGTH_MAX, CHANNELS } from "../../profiles/customer.ts";
import { storableText } from "../../schema/input-shape.ts";
import {
  CONTENT_HASH_LENGTH_MAX,
  SESSION_STATUSES,
  STEP_TEXT_LENGTH_MAX,
  VARIABLE_NAME_LENGTH_MAX,
  VARIABLES_BYTES_MAX,
} from "../../sessions/session.ts";
import { pageSchema } from "../page-schema.ts";
import { idSchema, instantOutput } from "../value-schemas.ts";
import { id, jsonObject } from "./basic-schemas.ts";

const COUNT_MAX = 2_147_483_647;

const count = z.int().min(0).max(COUNT_MAX);
const version = z.int().min(1).max(COUNT_MAX);

function variablesInput(description: string) {
  return z
    .record(storableText(VARIABLE_NAME_LENGTH_MAX), z.unknown())
    .refine((value) => storabilityProblem(value) === undefined, "Holds something that cannot be stored.")
    .transform((value) => value as JsonObject)
    .meta({ description });
}

/* What requests say. */

export const sessionInput = z.strictObject({
  agentId: idSchema<AgentId>(),
  channel: z.enum(CHANNELS),
  channelUserId: storableText(CHANNEL_USER_ID_LENGTH_MAX),
  customerId: idSchema<CustomerId>()
    .optional()
    .meta({ description: "Whom the agent talks with; without it the customer with the channel identity." }),
  configVersion: version.optional(),
  variables: variablesInput(`Any JSON by name, ${VARIABLES_BYTES_MAX} bytes at most.`).optional(),
});

const stepInput = z.strictObject({
  stepId: idSchema<StepId>(),
  stepName: storableText(STEP_TEXT_LENGTH_MAX),
  isCheckpoint: z.boolean(),
  checkpointDescription: storableText(STEP_TEXT_LENGTH_MAX).nullable().optional(),
  stepContentHash: storableText(CONTENT_HASH_LENGTH_MAX),
  turnNumber: count.optional().meta({ description: "The session's `turnCount` when left out." }),
  transitionReason: storableText(STEP_TEXT_LENGTH_MAX).nullable().optional(),
  confidence: z.number().min(0).max(1).optional().meta({ description: "1 when left out." }),
});

const scenarioInput = z.strictObject({
  scenarioId: idSchema<ScenarioId>(),
  version,
  checksum: storableText(CONTENT_HASH_LENGTH_MAX).nullable().optional(),
});

export const sessionPatchInput = z
  .strictObject({
    status: z.enum(SESSION_STATUSES).optional(),
    customerId: idSchema<CustomerId>().nullable().optional(),
    configVersion: version.nullable().optional(),
    profileSnapshotVersion: version.nullable().optional(),
    turnCount: count.optional().meta({ description: "Never less than before." }),
    variables: variablesInput("Set by name; `null` removes one.").optional(),
    scenario: scenarioInput.nullable().optional().meta({
      description: "Enters a scenario, or another version of it; `null` leaves the one there is.",
    }),
    step: stepInput.optional().meta({
      description: "Visits a step of the scenario. A repeat of the last visit, in the same turn, is no further one.",
    }),
  })
  .refine((patch) => Object.keys(patch).length > 0, "Name at least one member to change.");

/* What answers say. */

const stepVisit = z.strictObject({
  stepId: id,
  stepName: z.string(),
  enteredAt: instantOutput,
  turnNumber: z.int(),
  transitionReason: z.string().nullable(),
  confidence: z.number(),
  isCheckpoint: z.boolean(),
  checkpointDescription: z.string().nullable(),
  stepContentHash: z.string(),
});

const pendingMigration = z.strictObject({
  targetVersion: z.int(),
  anchorContentHash: z.string(),
  migrationPlanId: id,
  markedAt: instantOutput,
});

export const session = z
  .strictObject({
    sessionId: id,
    agentId: id,
    channel: z.enum(CHANNELS),
    channelUserId: z.string(),
    customerId: id.nullable(),
    configVersion: z.int().nullable(),
    activeScenarioId: id.nullable(),
    activeStepId: id.nullable(),
    activeScenarioVersion: z.int().nullable(),
    stepHistory: z.array(stepVisit).meta({ description: "Oldest first, the last 100." }),
    relocalizationCount: z.int(),
    ruleFires: z.record(z.string(), z.int()),
    ruleLastFireTurn: z.record(z.string(), z.int()),
    variables: jsonObject,
    variableUpdatedAt: z.record(z.string(), instantOutput),
    turnCount: z.int(),
    status: z.enum(SESSION_STATUSES),
    pendingMigration: pendingMigration.nullable(),
    scenarioChecksum: z.string().nullable(),
    profileSnapshotVersion: z.int().nullable(),
    createdAt: instantOutput,
    lastActivityAt: instantOutput,
    version: z.int(),
  })
  .meta({ id: "Session" });

export const sessionList = pageSchema(session);
