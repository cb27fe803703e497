import { javaStringHash } from '@rocketmq-ts/protocol'
import { type Condition, compileCondition, type Places } from './compile-condition.ts'
import type { ConditionNode, ExpressionNode } from './expression.ts'
import { parseExpression } from './parse.ts'
import { PropertyValues } from './property-values.ts'
import { type Truth, truth } from './truth.ts'

/** An expression that is ready to be asked about messages. */
export interface SqlFilter {
  readonly expression: string
  /** Names of the properties that it reads; everything else in a record it passes by. */
  readonly propertyNames: readonly string[]
  /** How many comparisons it makes of a message at most. */
  readonly comparisons: number
  /**
   * Codes of tags of which a message must have one to match at all, so that a consume queue's unit decides about most
   * messages of other tags; undefined when the expression does not ask for certain tags.
   */
  readonly tagsCodes: ReadonlySet<number> | undefined
  /**
   * What the expression says of a message.
   * @param bytes holds its encoded properties (wire formats, section 3.2) at [start, end)
   */
  truthOf(bytes: Buffer, start: number, end: number): Truth
  /** Whether a message matches: what is unknown, or cannot be compared, does not. */
  matches(bytes: Buffer, start: number, end: number): boolean
}

/**
 * Parses and compiles an SQL92 expression.
 * @throws FilterExpressionError with position and reason
 */
export function compileSqlFilter(expression: string): SqlFilter {
  const root = parseExpression(expression)
  const places: Places = new Map()
  const condition = compileCondition(root, places)
  const propertyNames = [...places.keys()]
  const codes = tagsCodesOf(root)
  return new CompiledFilter(expression, propertyNames, comparisonsOf(root), codes, condition)
}

class CompiledFilter implements SqlFilter {
  readonly expression: string
  readonly propertyNames: readonly string[]
  readonly comparisons: number
  readonly tagsCodes: ReadonlySet<number> | undefined
  readonly #values: PropertyValues
  readonly #condition: Condition

  constructor(
    expression: string,
    propertyNames: readonly string[],
    comparisons: number,
    tagsCodes: ReadonlySet<number> | undefined,
    condition: Condition,
  ) {
    this.expression = expression
    this.propertyNames = propertyNames
    this.comparisons = comparisons
    this.tagsCodes = tagsCodes
    this.#values = new PropertyValues(propertyNames)
    this.#condition = condition
  }

  truthOf(bytes: Buffer, start: number, end: number): Truth {
    const values = this.#values
    values.find(bytes, start, end)
    const result = this.#condition(values)
    values.release()
    return result
  }

  matches(bytes: Buffer, start: number, end: number): boolean {
    return this.truthOf(bytes, start, end) === truth.yes
  }
}

function comparisonsOf(node: ExpressionNode): number {
  switch (node.kind) {
    case 'property':
    case 'literal':
    case 'constant':
      return 0
    case 'and':
    case 'or':
      return node.conditions.reduce((sum, condition) => sum + comparisonsOf(condition), 0)
    case 'equal':
    case 'order':
      return 1 + comparisonsOf(node.left) + comparisonsOf(node.right)
    case 'in':
      return Math.min(node.texts.length, 5)
    default:
      return 1 + comparisonsOf(node.of)
  }
}

/** Of a condition that can only be true for messages with certain tags, the codes of those. */
function tagsCodesOf(node: ConditionNode): ReadonlySet<number> | undefined {
  switch (node.kind) {
    case 'equal':
      return codesOf(tagIn(node.left, node.right) ?? tagIn(node.right, node.left))
    case 'in':
      return node.of.name === tagsProperty ? codesOf(node.texts) : undefined
    case 'and': {
      const codes = node.conditions.map(tagsCodesOf).filter((found) => found !== undefined)
      return codes.length === 0 ? undefined : codes.reduce((left, right) => left.intersection(right))
    }
    case 'or': {
      const codes = new Set<number>()
      for (const condition of node.conditions) {
        const found = tagsCodesOf(condition)
        if (found === undefined) return undefined
        for (const code of found) codes.add(code)
      }
      return codes
    }
    default:
      return undefined
  }
}

const tagsProperty = 'TAGS'

function tagIn(property: ExpressionNode, value: ExpressionNode): readonly string[] | undefined {
  if (property.kind !== 'property' || property.name !== tagsProperty) return undefined
  return value.kind === 'literal' && value.literal.type === 'text' ? [value.literal.value] : undefined
}

function codesOf(tags: readonly string[] | undefined): ReadonlySet<number> | undefined {
  return tags && new Set(tags.map(javaStringHash))
}
