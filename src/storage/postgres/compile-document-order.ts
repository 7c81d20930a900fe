import type { OrderKey } from "../filter.ts";
import { SORT_CLASSES, type SortKeys, type SortPosition } from "../filters/sort-position.ts";
import { type DocumentFilterContext, jsonAt, textOf } from "./compile-document-filter.ts";
import { joined } from "./compile-record-filter.ts";

export interface DocumentOrder {
  /** What follows `order by`. */
  readonly orderBy: string;
  /** Whether a row comes after the place. */
  readonly after: string;
}

/** The expressions of one sort key: the class of what is there, and its value in the classes that have one. */
interface KeyExpressions {
  readonly class: string;
  readonly number: string;
  readonly text: string;
  readonly descending: boolean;
}

export function compileDocumentOrder(
  { orderBy, after }: { readonly orderBy: readonly OrderKey[]; readonly after: SortKeys | undefined },
  context: DocumentFilterContext,
): DocumentOrder {
  const keys = orderBy.map((key) => expressionsOf(key, context));
  const terms = keys.flatMap((key) => {
    const direction = key.descending ? " desc" : "";
    return [`${key.class}${direction}`, `${key.number}${direction}`, `${key.text}${direction}`];
  });
  return { orderBy: [...terms, "id"].join(", "), after: after ? afterSql(keys, after, context) : "true" };
}

function classOf(name: SortPosition["class"]): number {
  return SORT_CLASSES.indexOf(name);
}

function expressionsOf({ path, direction }: OrderKey, context: DocumentFilterContext): KeyExpressions {
  const json = jsonAt(path, context);
  return {
    class: `case jsonb_typeof(${json})
      when 'number' then ${classOf("number")}
      when 'string' then ${classOf("text")}
      when 'object' then ${classOf("container")}
      when 'array' then ${classOf("container")}
      when 'boolean' then case when ${json} = 'true' then ${classOf("true")} else ${classOf("false")} end
      else ${classOf("nothing")} end`,
    number: `case when jsonb_typeof(${json}) = 'number' then ${json} end`,
    text: textOf(json),
    descending: direction === "descending",
  };
}

/** Beyond the place by the first key, or in it and beyond by the keys that follow, the last of which is the id. */
function afterSql(keys: readonly KeyExpressions[], after: SortKeys, context: DocumentFilterContext): string {
  const { parameters } = context;
  return keys.reduceRight(
    (rest, key, index) => {
      const { beyond, same } = comparison(key, after.positions[index] ?? { class: "nothing" }, context);
      return `(${beyond} or (${same} and ${rest}))`;
    },
    `id > ${parameters.add(after.id, "text")}`,
  );
}

function comparison(key: KeyExpressions, position: SortPosition, { parameters }: DocumentFilterContext) {
  const operator = key.descending ? "<" : ">";
  const inLaterClass = `(${key.class}) ${operator} ${classOf(position.class)}`;
  if (position.class !== "number" && position.class !== "text") {
    return { beyond: inLaterClass, same: `(${key.class}) = ${classOf(position.class)}` };
  }
  const isText = position.class === "text";
  const own = isText ? `(${key.text})` : `(${key.number})`;
  const value = isText
    ? parameters.add(position.value, "text")
    : parameters.add(JSON.stringify(position.value), "jsonb");
  return { beyond: joined([inLaterClass, `${own} ${operator} ${value}`], "or"), same: `${own} = ${value}` };
}
