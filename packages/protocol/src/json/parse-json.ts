import { JsonError } from './json-error.ts'
import type { JsonValue } from './json-value.ts'
import { isPlainJson } from './preflight.ts'
import { parseTolerant } from './tolerant-parser.ts'

/** Bounds on what a peer may make the parser do. */
export interface JsonLimits {
  /** How many arrays and objects may be open at once; default 128. */
  readonly depthMax?: number
  /** Length of the text in UTF-16 units; default 64 Mi. */
  readonly lengthMax?: number
}

const DEPTH_MAX = 128
const LENGTH_MAX = 64 * 1024 * 1024

/**
 * Reads JSON as the Java peers write it: standard JSON, and fastjson's dialect with bare keys (`{0:"a"}`), objects as
 * keys (`{{"topic":"T"}:1}`), single quotes and trailing commas.
 *
 * Standard text takes the engine's own parser. Integers outside the safe range are returned as `bigint`, exactly;
 * integers outside Java's `long` are refused. A repeated key keeps its last value. `__proto__` is an ordinary key:
 * it becomes an own property and never a prototype.
 *
 * @throws JsonError with the position, for text that is neither and for text beyond the limits
 */
export function parseJson(text: string, limits: JsonLimits = {}): JsonValue {
  const lengthMax = limits.lengthMax ?? LENGTH_MAX
  const depthMax = limits.depthMax ?? DEPTH_MAX
  if (text.length > lengthMax) throw new JsonError(`text is longer than ${lengthMax} characters`, lengthMax)
  if (isPlainJson(text, depthMax)) {
    try {
      return JSON.parse(text) as JsonValue
    } catch (error) {
      // Not standard JSON: the tolerant parser reads it, or says what is wrong with it.
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  return parseTolerant(text, depthMax)
}
