import type { ASTNode } from "@marcbachmann/cel-js";
import { LINEAR_MATCH, UTC_TIMESTAMP } from "./condition-language.ts";
import { LinearPattern, PATTERN_PROBLEM_MESSAGES } from "./linear-pattern.ts";

export interface ConditionProblem {
  readonly code: string;
  readonly message: string;
}

/**
 * Rules on top of the language that keep a condition cheap and its result the same on every machine. A list is
 * walked in time proportional to itself: a walk inside a walk may only go over what the outer element holds.
 * As it goes, renames `matches` and `timestamp` to our own. To be run once, between parsing and checking.
 */
export function applyConditionRules(ast: ASTNode): ConditionProblem | undefined {
  return checkNode(ast, []);
}

const FUNCTIONS: ReadonlySet<string> = new Set(
  "has size int double string bool timestamp duration dyn type date yearsBetween".split(" "),
);
const WALKS: ReadonlySet<string> = new Set("all exists exists_one map filter".split(" "));
const METHODS: ReadonlySet<string> = new Set(
  "size startsWith endsWith contains lowerAscii upperAscii trim indexOf lastIndexOf substring".split(" "),
);
/* With a time zone as their argument these depend on the machine's own zone, so only the UTC forms are taken. */
const UTC_PARTS: ReadonlySet<string> = new Set(
  "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getHours getMinutes getSeconds getMilliseconds".split(" "),
);
const WALK_DEPTH_MAX = 2;

interface Walk {
  /** Name of the variable that holds the element. */
  readonly element: string;
  readonly overField: boolean;
}

/** @param walks those around the node, the outermost first */
function checkNode(node: ASTNode, walks: readonly Walk[]): ConditionProblem | undefined {
  if (node.op === "call") return checkCall(node, walks);
  if (node.op === "rcall") return checkMethod(node, walks);
  return firstProblem(operandsOf(node), walks);
}

function operandsOf(node: Exclude<ASTNode, FunctionCall | MethodCall>): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}

function firstProblem(nodes: readonly ASTNode[], walks: readonly Walk[]): ConditionProblem | undefined {
  for (const node of nodes) {
    const problem = checkNode(node, walks);
    if (problem) return problem;
  }
  return undefined;
}

type FunctionCall = Extract<ASTNode, { readonly op: "call" }>;

function checkCall(node: FunctionCall, walks: readonly Walk[]): ConditionProblem | undefined {
  const [name, args] = node.args;
  if (!FUNCTIONS.has(name)) return notAFunction(name);
  if (name === "duration" && !isShortLiteral(args[0])) {
    return { code: "duration_not_literal", message: "duration() takes one duration, written out as text." };
  }
  if (name === "timestamp") node.args[0] = UTC_TIMESTAMP;
  return firstProblem(args, walks);
}

/* The engine takes cubic time to refuse a long run of digits as a duration. */
const DURATION_LENGTH_MAX = 32;

function isShortLiteral(node: ASTNode | undefined): boolean {
  return node?.op === "value" && typeof node.args === "string" && node.args.length <= DURATION_LENGTH_MAX;
}

type MethodCall = Extract<ASTNode, { readonly op: "rcall" }>;

function checkMethod(node: MethodCall, walks: readonly Walk[]): ConditionProblem | undefined {
  const [name, receiver, args] = node.args;
  if (WALKS.has(name)) return checkWalk(receiver, args, walks);
  if (name === "matches") return useLinearMatch(node) ?? checkNode(receiver, walks);
  const known = METHODS.has(name) || (UTC_PARTS.has(name) && args.length === 0);
  return known ? firstProblem([receiver, ...args], walks) : notAFunction(name);
}

function checkWalk(receiver: ASTNode, args: readonly ASTNode[], walks: readonly Walk[]): ConditionProblem | undefined {
  const outer = walks.at(-1);
  const affordable = outer === undefined ? isBounded(receiver) : outer.overField && rootOf(receiver) === outer.element;
  if (!affordable || walks.length >= WALK_DEPTH_MAX) {
    const message =
      "A walk goes over a field, a list or the result of a walk; inside a walk over a field, over a part of its element.";
    return { code: "too_expensive", message };
  }
  const [element, ...bodies] = args;
  const walk = { element: element?.op === "id" ? element.args : "", overField: rootOf(receiver) !== undefined };
  return checkNode(receiver, walks) ?? firstProblem(bodies, [...walks, walk]);
}

/**
 * True for lists no longer than one field value, one literal or the walk they come from. Sums of lists and the
 * variables as a whole may be longer.
 */
function isBounded(node: ASTNode): boolean {
  if (node.op === "rcall") return WALKS.has(node.args[0]);
  if (node.op === "." || node.op === "[]") return rootOf(node) !== undefined;
  return node.op === "list" || node.op === "map";
}

/** The variable that a path such as `fields.children[0].name` starts from; `undefined` when it is no path. */
function rootOf(node: ASTNode): string | undefined {
  let current = node;
  while (current.op === "." || current.op === "[]") current = current.args[0];
  return current.op === "id" ? current.args : undefined;
}

function useLinearMatch(node: MethodCall): ConditionProblem | undefined {
  const [pattern, ...more] = node.args[2];
  if (pattern?.op !== "value" || typeof pattern.args !== "string" || more.length > 0) {
    return { code: "pattern_not_literal", message: "matches() takes one pattern, written out as text." };
  }
  const compiled = LinearPattern.compile(pattern.args);
  if (!(compiled instanceof LinearPattern)) {
    return { code: `pattern_${compiled}`, message: PATTERN_PROBLEM_MESSAGES[compiled] };
  }
  node.args[0] = LINEAR_MATCH;
  return undefined;
}

function notAFunction(name: string): ConditionProblem {
  return { code: "unknown_function", message: `No function ${name} with these arguments.` };
}
