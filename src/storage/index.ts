/*
 * What an engine of a storage tier is made of, for engines from outside: the interfaces, how an engine is declared,
 * and the parts that the vault's own engines share. The suites that an engine must pass are in `strongroom/testing`.
 */
export type { Clock, Instant } from "../clock.ts";
export type { ErrorCode } from "../codes.ts";
export type { EngineSettings } from "../config/engine-settings.ts";
export { type ErrorItem, isVaultError, VaultError, type VaultErrorOptions } from "../errors.ts";
export { type JsonObject, type JsonValue, storabilityProblem, textProblem } from "../json.ts";
export {
  CACHE_BATCH_MAX,
  CACHE_KEY_LENGTH_MAX,
  CACHE_PATTERN_LENGTH_MAX,
  CACHE_TAGS_MAX,
  CACHE_TTL_DEFAULT_MS,
  requireCacheKey,
  requireCacheKeys,
  requireCacheTag,
  requireCacheTags,
  requireCacheTtl,
  requireCounterDelta,
} from "./cache/cache-key.ts";
export { type CacheOccupancy, CacheStatisticsRecorder } from "./cache/cache-statistics.ts";
export { cacheTextOf, deepFreeze, frozenValue } from "./cache/cache-value.ts";
export { ANY_ONE, ANY_RUN, compileGlob, type Glob, type GlobToken } from "./cache/glob.ts";
export {
  isTierFailure,
  type Load,
  LoadThrough,
  type LoadThroughOptions,
  type LoadThroughTier,
} from "./cache/load-through.ts";
export type {
  CacheCapabilities,
  CacheGetOptions,
  CacheIncrement,
  CacheIncrementOptions,
  CacheLease,
  CacheLoadOptions,
  CacheLookup,
  CacheRemoval,
  CacheSetOptions,
  CacheSetOutcome,
  CacheStatistics,
  CacheStore,
  CacheTtl,
} from "./cache-store.ts";
export type { CallOptions } from "./call-options.ts";
export {
  type CollectionDescriptor,
  DOCUMENT_BYTES_MAX,
  DOCUMENT_LIMIT_DEFAULT,
  DOCUMENT_LIMIT_MAX,
  DOCUMENTS_AT_ONCE_MAX,
  DOCUMENTS_BYTES_MAX,
  type DocumentBody,
  type DocumentCapabilities,
  type DocumentDatabase,
  type DocumentIndex,
  type DocumentQuery,
  type DocumentStore,
  INDEXED_TEXT_LENGTH_MAX,
  type JsonMergePatch,
  type StoredDocument,
} from "./document-store.ts";
export { DocumentCollection, type DocumentCollectionOptions, recordExists } from "./documents/document-collection.ts";
export type {
  CheckedDocument,
  CheckedPatch,
  DocumentRow,
  DocumentRows,
  DocumentScan,
} from "./documents/document-rows.ts";
export { mergePatch } from "./documents/merge-patch.ts";
export { PreparedCollections } from "./documents/prepared-collections.ts";
export { defineEngine, type EngineContext, type OpenTier, type StorageEngine, type TierStores } from "./engine.ts";
export {
  FILTER_DEPTH_MAX,
  FILTER_SIZE_MAX,
  type Filter,
  type FilterPath,
  ORDER_KEYS_MAX,
  type OrderedScalar,
  type OrderKey,
} from "./filter.ts";
export { equalJson, matches as matchesFilter, valueAt } from "./filters/evaluate-filter.ts";
export {
  comparePositions,
  compareSortKeys,
  type SortKeys,
  type SortPosition,
  sortKeysOf,
  sortPosition,
} from "./filters/sort-position.ts";
export { saysNothing, validateFilter, validateOrder } from "./filters/validate-filter.ts";
export {
  decodeCursor,
  encodeCursor,
  PAGE_LIMIT_DEFAULT,
  PAGE_LIMIT_MAX,
  type Page,
  type PageRequest,
  pageOf,
} from "./page.ts";
export type {
  ColumnType,
  Entity,
  EntityColumn,
  PagedQuery,
  PagedResult,
  RecordQuery,
  RecordScope,
  Repository,
  RepositoryDescriptor,
  TransactionOptions,
  UniqueRule,
  VersionedCallOptions,
} from "./repository.ts";
export { abortedError, throwIfAborted, untilAborted } from "./until-aborted.ts";
export { WormLog, type WormLogOptions } from "./worm/worm-log.ts";
export type { SealedRow, WormEnd, WormRead, WormRow, WormRowRange, WormRows } from "./worm/worm-rows.ts";
export type {
  AppendOptions,
  StoredWormRecord,
  WormCapabilities,
  WormDatabase,
  WormDescriptor,
  WormHead,
  WormIntegrity,
  WormQuery,
  WormRange,
  WormRecord,
  WormStore,
  WormViolation,
  WormViolationType,
} from "./worm-store.ts";
