import multipart, { type MultipartFile, type MultipartValue } from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { invariant, isVaultError, VaultError } from "../errors.ts";
import { StagedUpload } from "../profiles/staged-upload.ts";
import type { TenantVault } from "../vault/tenant-vault.ts";
import { parseJsonText, requireStorableBody } from "./json-body-parser.ts";
import { invalidRequest } from "./request-validation.ts";
import { assetUploadInput, mimeType } from "./schemas/asset-schemas.ts";

const METADATA_BYTES_MAX = 64 * 1024;

/** What a multipart body becomes before the route sees it. */
export interface AssetUploadBody {
  readonly metadata: z.output<typeof assetUploadInput>;
  /** That of the metadata, else that of the file part. */
  readonly mimeType: string;
  readonly upload: StagedUpload;
}

/** Stands for a multipart body that is yet to be read. */
const PENDING_UPLOAD = Symbol("pending upload");

export function isPendingUpload(body: unknown): boolean {
  return body === PENDING_UPLOAD;
}

export function isAssetUpload(body: unknown): body is AssetUploadBody {
  return typeof body === "object" && body !== null && "upload" in body && body.upload instanceof StagedUpload;
}

/** Routes that take uploads get a pending one as their body; the others refuse a multipart body. */
export async function useMultipartBodies(app: FastifyInstance): Promise<void> {
  await app.register(multipart, { limits: { files: 1, fields: 1, parts: 2, fieldSize: METADATA_BYTES_MAX } });
  app.addHook("preValidation", (request, _reply, done) => {
    if (!request.isMultipart()) return done();
    request.body = PENDING_UPLOAD;
    done(request.routeOptions.config.upload ? undefined : unsupported());
  });
}

interface UploadTarget {
  readonly vault: TenantVault;
  readonly sizeBytesMax: number;
}

/**
 * Takes the file of a pending upload in, puts the upload in the place of the body, and lets `answer` work with it.
 * When no asset came to own the bytes they are removed before the answer is sent, whether somebody still waits for
 * it or not.
 */
export async function answerUpload<T>(
  request: FastifyRequest,
  target: UploadTarget,
  answer: () => Promise<T>,
): Promise<T> {
  const body = await stageUpload(request, target);
  request.body = body;
  let failure: unknown;
  try {
    return await answer();
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await target.vault.assets.discard(body.upload, failure);
  }
}

interface UploadParts {
  metadata: AssetUploadBody["metadata"] | undefined;
  file: StagedFile | undefined;
}

/**
 * Reads a multipart body with a JSON part `metadata` and a file part `file`, in any order, and stages the file while
 * it comes in. Whatever goes wrong, no bytes are left behind.
 */
async function stageUpload(request: FastifyRequest, target: UploadTarget): Promise<AssetUploadBody> {
  const parts: UploadParts = { metadata: undefined, file: undefined };
  try {
    await readParts(request, target, parts);
    return completeUpload(parts);
  } catch (error) {
    if (parts.file) await target.vault.assets.discard(parts.file.upload);
    throw isVaultError(error) ? error : unreadable(error);
  }
}

async function readParts(request: FastifyRequest, target: UploadTarget, parts: UploadParts): Promise<void> {
  for await (const part of request.parts({ limits: { fileSize: target.sizeBytesMax + 1 } })) {
    if (part.type === "file" && part.fieldname === "file") parts.file = await stageFile(part, target);
    else if (part.type === "field" && part.fieldname === "metadata") parts.metadata = metadataOf(part);
    else throw partProblem(part.fieldname, "Unknown part; expected metadata and file.");
  }
}

function completeUpload({ metadata, file }: UploadParts): AssetUploadBody {
  if (!metadata) throw partProblem("metadata", "The part is missing.");
  if (!file) throw partProblem("file", "The part is missing.");
  requireChecksum(metadata.checksum, file.upload);
  return { metadata, mimeType: metadata.mimeType ?? mimeTypeOf(file), upload: file.upload };
}

interface StagedFile {
  readonly announcedType: string;
  readonly upload: StagedUpload;
}

async function stageFile(part: MultipartFile, { vault, sizeBytesMax }: UploadTarget): Promise<StagedFile> {
  const upload = await vault.assets.stage({ bytes: part.file, sizeBytesMax });
  invariant(!part.file.truncated, "the store refuses what the parser would cut");
  return { announcedType: part.mimetype, upload };
}

function metadataOf({
  value,
  valueTruncated,
}: MultipartValue & { valueTruncated?: boolean }): AssetUploadBody["metadata"] {
  if (valueTruncated) {
    throw new VaultError("payload_too_large", `The metadata is larger than ${METADATA_BYTES_MAX} bytes.`);
  }
  // A part that says it is JSON comes parsed.
  if (typeof value !== "string") requireStorableBody(value);
  const parsed = assetUploadInput.safeParse(typeof value === "string" ? parseJsonText(value) : value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error, "body");
}

function mimeTypeOf({ announcedType }: StagedFile): string {
  const parsed = mimeType.safeParse(announcedType);
  if (parsed.success) return parsed.data;
  throw partProblem("file", "Its content type is not a media type such as image/png.");
}

function requireChecksum(announced: string | undefined, upload: StagedUpload): void {
  if (announced === undefined || announced.toLowerCase() === upload.checksum) return;
  throw new VaultError("checksum_mismatch", "The bytes do not have the announced SHA-256.");
}

function partProblem(name: string, message: string): VaultError {
  return new VaultError("invalid_request", "The multipart body does not have the documented parts.", {
    errors: [{ path: `/${name.slice(0, 50)}`, code: "invalid_part", message }],
  });
}

/** What the parser says, and the stream that it reads: the caller sent something else, too many parts, or not all. */
function unreadable(cause: unknown): VaultError {
  return new VaultError(
    "invalid_request",
    "The multipart body cannot be read as one part metadata and one part file.",
    {
      cause,
    },
  );
}

function unsupported(): VaultError {
  return new VaultError("unsupported_media_type", "This route does not take uploads.");
}
