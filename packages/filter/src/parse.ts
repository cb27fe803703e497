import type { ConditionNode, ExpressionNode, LiteralValue, OrderOperator, TextTest } from './expression.ts'
import { FilterExpressionError } from './filter-expression-error.ts'
import { filterLimits } from './filter-limits.ts'
import { type Token, type TokenKind, Tokens } from './tokens.ts'

/**
 * Parses an expression (the lowest precedence first; words in any case):
 *
 *     or         = and { OR and }
 *     and        = equality { AND equality }
 *     equality   = comparison { ("=" | "<>") comparison | IS [NOT] NULL }
 *     comparison = unary { (">" | ">=" | "<" | "<=") unary | [NOT] BETWEEN unary AND unary
 *                        | [NOT] IN "(" text { "," text } ")" | [NOT] (CONTAINS | STARTSWITH | ENDSWITH) text }
 *     unary      = ("+" | "-" | NOT) unary | text | number | TRUE | FALSE | NULL | name | "(" or ")"
 *
 * As in the official broker, what stands behind a whole expression is not looked at, but for one token.
 *
 * @throws FilterExpressionError with the place where it goes wrong
 */
export function parseExpression(expression: string): ConditionNode {
  const { lengthMax } = filterLimits
  if (expression.length > lengthMax) {
    throw new FilterExpressionError(`an expression has at most ${lengthMax} characters`, lengthMax)
  }
  return new Parser(expression).whole()
}

const int32Max = 2n ** 31n - 1n
const int64Max = 2n ** 63n - 1n

class Parser {
  readonly #tokens: Tokens
  #depth = 0
  /** Results of comparisons that are compared again. */
  #comparedAgain = 0

  constructor(expression: string) {
    this.#tokens = new Tokens(expression)
  }

  whole(): ConditionNode {
    const start = this.#tokens.peek()
    return asCondition(this.#or(), start)
  }

  #or(): ExpressionNode {
    return this.#chain('OR', 'or', () => this.#chain('AND', 'and', () => this.#equality()))
  }

  #chain(word: 'AND' | 'OR', kind: 'and' | 'or', part: () => ExpressionNode): ExpressionNode {
    const start = this.#tokens.peek()
    const first = part()
    if (this.#tokens.peek().kind !== word) return first
    const conditions = [asCondition(first, start)]
    while (this.#takes(word)) {
      const next = this.#tokens.peek()
      conditions.push(asCondition(part(), next))
    }
    return { kind, conditions }
  }

  #equality(): ExpressionNode {
    const start = this.#tokens.peek()
    let left = this.#comparison()
    for (;;) {
      const operator = this.#tokens.peek()
      if (this.#takes('=') || this.#takes('<>')) {
        const rightStart = this.#tokens.peek()
        const right = this.#comparison()
        checkEqualOperands(left, start, right, rightStart)
        const equal: ConditionNode = { kind: 'equal', left: this.#again(left, start), right }
        left = operator.kind === '=' ? equal : { kind: 'not', of: equal }
      } else if (this.#takes('IS')) {
        const isNot = this.#takes('NOT')
        this.#expect('NULL')
        const isNull: ConditionNode = { kind: 'isNull', of: this.#again(left, start) }
        left = isNot ? { kind: 'not', of: isNull } : isNull
      } else return left
    }
  }

  #comparison(): ExpressionNode {
    const start = this.#tokens.peek()
    let left = this.#unary()
    for (;;) {
      const isNot = this.#takes('NOT')
      const { kind } = this.#tokens.peek()
      if (!isNot && isOrder(kind)) {
        this.#tokens.next()
        const rightStart = this.#tokens.peek()
        left = order(kind, left, start, this.#unary(), rightStart)
      } else if (kind === 'BETWEEN') left = this.#between(left, start, isNot)
      else if (kind === 'IN') left = this.#in(left, start, isNot)
      else if (kind === 'CONTAINS' || kind === 'STARTSWITH' || kind === 'ENDSWITH') {
        left = this.#textTest(kind, left, start, isNot)
      } else if (isNot) throw unexpected(this.#tokens.peek(), 'BETWEEN, IN, CONTAINS, STARTSWITH or ENDSWITH')
      else return left
    }
  }

  #between(value: ExpressionNode, start: Token, isNot: boolean): ConditionNode {
    this.#tokens.next()
    const lowStart = this.#tokens.peek()
    const low = this.#unary()
    this.#expect('AND')
    const highStart = this.#tokens.peek()
    const high = this.#unary()
    if (isNot) {
      return {
        kind: 'or',
        conditions: [order('<', value, start, low, lowStart), order('>', value, start, high, highStart)],
      }
    }
    const conditions = [order('>=', value, start, low, lowStart), order('<=', value, start, high, highStart)]
    if (isHigherLiteral(low, high)) {
      throw new FilterExpressionError(
        `BETWEEN needs the lower value first: ${lowStart.image} is higher`,
        lowStart.index,
      )
    }
    return { kind: 'and', conditions }
  }

  #in(of: ExpressionNode, start: Token, isNot: boolean): ConditionNode {
    this.#tokens.next()
    this.#expect('(')
    const texts = [this.#text()]
    while (this.#takes(',')) texts.push(this.#text())
    this.#expect(')')
    if (of.kind !== 'property') throw new FilterExpressionError('IN needs a property on its left', start.index)
    const isIn: ConditionNode = { kind: 'in', of, texts }
    return isNot ? { kind: 'not', of: isIn } : isIn
  }

  #textTest(test: TextTest, of: ExpressionNode, start: Token, isNot: boolean): ConditionNode {
    this.#tokens.next()
    return { kind: 'textTest', of: this.#again(of, start), test, isNot, text: this.#text() }
  }

  #unary(): ExpressionNode {
    const token = this.#tokens.next()
    switch (token.kind) {
      case '+':
        return this.#deeper(token, () => this.#unary())
      case '-':
        return { kind: 'negated', of: this.#deeper(token, () => this.#unary()) }
      case 'NOT': {
        const start = this.#tokens.peek()
        return {
          kind: 'not',
          of: asCondition(
            this.#deeper(token, () => this.#unary()),
            start,
          ),
        }
      }
      case '(': {
        const inner = this.#deeper(token, () => this.#or())
        this.#expect(')')
        return inner
      }
      case 'name':
        return { kind: 'property', name: token.image }
      default:
        return { kind: 'literal', literal: literalOf(token) }
    }
  }

  #text(): string {
    const token = this.#tokens.next()
    if (token.kind !== 'text') throw unexpected(token, "a text such as 'abc'")
    return textOf(token)
  }

  #takes(kind: TokenKind): boolean {
    if (this.#tokens.peek().kind !== kind) return false
    this.#tokens.next()
    return true
  }

  #expect(kind: TokenKind): void {
    const token = this.#tokens.next()
    if (token.kind !== kind) throw unexpected(token, kind)
  }

  #deeper<Result>(token: Token, parse: () => Result): Result {
    if (++this.#depth > filterLimits.depthMax) throw tooDeep(token)
    const result = parse()
    this.#depth--
    return result
  }

  #again(left: ExpressionNode, start: Token): ExpressionNode {
    const isValue = left.kind === 'property' || left.kind === 'literal' || left.kind === 'negated'
    if (!isValue && ++this.#comparedAgain > filterLimits.depthMax) throw tooDeep(start)
    return left
  }
}

function isOrder(kind: TokenKind): kind is OrderOperator {
  return kind === '>' || kind === '>=' || kind === '<' || kind === '<='
}

function asCondition(node: ExpressionNode, start: Token): ConditionNode {
  switch (node.kind) {
    case 'property':
      return { kind: 'truth', of: node }
    case 'negated':
      throw new FilterExpressionError('a value stands where a condition has to', start.index)
    case 'literal':
      if (node.literal.type === 'boolean') return { kind: 'constant', value: node.literal.value }
      if (node.literal.type === 'null') return { kind: 'constant', value: undefined }
      throw new FilterExpressionError('a value stands where a condition has to', start.index)
    default:
      return node
  }
}

function order(
  operator: OrderOperator,
  left: ExpressionNode,
  leftStart: Token,
  right: ExpressionNode,
  rightStart: Token,
): ConditionNode {
  checkOrdered(left, operator, leftStart)
  checkOrdered(right, operator, rightStart)
  return { kind: 'order', operator, left, right }
}

/** @throws FilterExpressionError for what has no order: all but numbers and properties, which may hold numbers */
function checkOrdered(node: ExpressionNode, operator: OrderOperator, { index }: Token): void {
  if (node.kind === 'property' || node.kind === 'negated') return
  if (node.kind === 'literal' && isNumber(node.literal)) return
  throw new FilterExpressionError(`only numbers and properties can be compared by ${operator} and BETWEEN`, index)
}

function checkEqualOperands(left: ExpressionNode, leftStart: Token, right: ExpressionNode, rightStart: Token): void {
  for (const [node, { index }] of [
    [left, leftStart],
    [right, rightStart],
  ] as const) {
    if (node.kind !== 'literal' || node.literal.type !== 'null') continue
    throw new FilterExpressionError('NULL is not compared by = and <>: write IS NULL or IS NOT NULL', index)
  }
  if (left.kind !== 'literal' || left.literal.type !== 'boolean') return
  if (right.kind !== 'literal' || right.literal.type === 'boolean') return
  throw new FilterExpressionError(
    `${leftStart.image} cannot be compared with a value that is no boolean`,
    leftStart.index,
  )
}

function isHigherLiteral(low: ExpressionNode, high: ExpressionNode): boolean {
  if (low.kind !== 'literal' || high.kind !== 'literal') return false
  const { literal: lower } = low
  const { literal: upper } = high
  if (!isNumber(lower) || !isNumber(upper)) return false
  // A whole number that meets a decimal one becomes one.
  const isDecimal = lower.type === 'double' || upper.type === 'double'
  return isDecimal ? Number(lower.value) > Number(upper.value) : lower.value > upper.value
}

function isNumber(literal: LiteralValue): literal is Extract<LiteralValue, { type: 'int' | 'long' | 'double' }> {
  return literal.type === 'int' || literal.type === 'long' || literal.type === 'double'
}

function literalOf(token: Token): LiteralValue {
  switch (token.kind) {
    case 'text':
      return { type: 'text', value: textOf(token) }
    case 'integer':
      return wholeNumber(token)
    case 'decimal':
      return decimalNumber(token)
    case 'TRUE':
    case 'FALSE':
      return { type: 'boolean', value: token.kind === 'TRUE' }
    case 'NULL':
      return { type: 'null' }
    default:
      throw unexpected(token, 'a property, a value or (')
  }
}

function wholeNumber({ image, index }: Token): LiteralValue {
  const value = BigInt(image.replace(/l$/i, ''))
  if (value > int64Max) throw new FilterExpressionError(`whole numbers are at most ${int64Max}`, index)
  return value > int32Max ? { type: 'long', value } : { type: 'int', value: Number(value) }
}

function decimalNumber({ image, index }: Token): LiteralValue {
  const value = Number(image)
  if (value > Number.MAX_VALUE) {
    throw new FilterExpressionError(`decimal numbers are at most ${Number.MAX_VALUE}`, index)
  }
  // So 0.0 is none: the whole number 0 is.
  if (value < Number.MIN_VALUE) {
    throw new FilterExpressionError(`decimal numbers are at least ${Number.MIN_VALUE}: write 0 for nothing`, index)
  }
  return { type: 'double', value }
}

function textOf({ image }: Token): string {
  return image.slice(1, -1).replaceAll("''", "'")
}

function unexpected(token: Token, expected: string): FilterExpressionError {
  const found = token.kind === 'end' ? 'the expression ends' : `${token.image} stands`
  return new FilterExpressionError(`${found} where ${expected} has to stand`, token.index)
}

function tooDeep({ index }: Token): FilterExpressionError {
  return new FilterExpressionError(`conditions stand at most ${filterLimits.depthMax} deep in each other`, index)
}
