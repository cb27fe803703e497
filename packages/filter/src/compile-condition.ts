import { compareValues, type Value, type ValueType } from './compare-values.ts'
import type { ConditionNode, ExpressionNode, OrderOperator } from './expression.ts'
import { compareDoubles, javaDouble } from './java-numbers.ts'
import type { PropertyValues } from './property-values.ts'
import { type Truth, truth, truthOf } from './truth.ts'

/** A condition that is compiled; it holds what of the expression it needs. */
export type Condition = (values: PropertyValues) => Truth

/** Places of the properties that an expression names, in the order in which they are met. */
export type Places = Map<string, number>

const { no, yes, unknown, failed } = truth

type TextTestNode = Extract<ConditionNode, { kind: 'textTest' }>

export function compileCondition(node: ConditionNode, places: Places): Condition {
  switch (node.kind) {
    case 'constant': {
      const constant = node.value === undefined ? unknown : truthOf(node.value)
      return () => constant
    }
    case 'truth': {
      // A property is a text, which is no boolean, whatever it says.
      const place = placeOf(node.of.name, places)
      return (values) => (values.has(place) ? no : unknown)
    }
    case 'and':
      return all(node.conditions.map((condition) => compileCondition(condition, places)))
    case 'or':
      return any(node.conditions.map((condition) => compileCondition(condition, places)))
    case 'not': {
      const of = compileCondition(node.of, places)
      return (values) => {
        const value = of(values)
        return value === yes ? no : value === no ? yes : value
      }
    }
    case 'isNull':
      return isNull(operandOf(node.of, places))
    case 'in':
      return isIn(placeOf(node.of.name, places), node.texts)
    case 'textTest':
      return textTest(operandOf(node.of, places), node)
    case 'equal':
      return equal(node.left, node.right, places)
    case 'order':
      return order(node.operator, node.left, node.right, places)
  }
}

function placeOf(name: string, places: Places): number {
  const known = places.get(name)
  if (known !== undefined) return known
  places.set(name, places.size)
  return places.size - 1
}

function all(conditions: readonly Condition[]): Condition {
  return (values) => {
    let result: Truth = yes
    for (const condition of conditions) {
      const value = condition(values)
      if (value === no || value === failed) return value
      if (value === unknown) result = unknown
    }
    return result
  }
}

function any(conditions: readonly Condition[]): Condition {
  return (values) => {
    let result: Truth = no
    for (const condition of conditions) {
      const value = condition(values)
      if (value === yes || value === failed) return value
      if (value === unknown) result = unknown
    }
    return result
  }
}

/** `failure` when it cannot be worked out, undefined for null. */
const failure = Symbol('failure')
type Found = Value | undefined | typeof failure

interface Operand {
  readonly type: ValueType
  find(values: PropertyValues): Found
}

function operandOf(node: ExpressionNode, places: Places): Operand {
  switch (node.kind) {
    case 'property': {
      const place = placeOf(node.name, places)
      return { type: 'text', find: (values) => (values.has(place) ? values.text(place) : undefined) }
    }
    case 'literal': {
      const { literal } = node
      // Nothing is compared with NULL but by IS NULL, which does not ask for its type.
      if (literal.type === 'null') return { type: 'text', find: () => undefined }
      const { type, value } = literal
      return { type, find: () => value }
    }
    case 'negated':
      return negated(operandOf(node.of, places))
    default: {
      const condition = compileCondition(node, places)
      return { type: 'boolean', find: (values) => foundIn(condition(values)) }
    }
  }
}

function foundIn(value: Truth): Found {
  if (value === failed) return failure
  return value === unknown ? undefined : value === yes
}

function negated({ type, find }: Operand): Operand {
  const negate = (value: Found): Found => {
    if (value === failure) return failure
    if (typeof value === 'bigint') return -value
    // Whole numbers have no -0.
    if (typeof value === 'number') return type === 'int' ? 0 - value : -value
    return undefined
  }
  return { type, find: (values) => negate(find(values)) }
}

function isNull({ find }: Operand): Condition {
  return (values) => {
    const value = find(values)
    return value === failure ? failed : truthOf(value === undefined)
  }
}

/** Texts from which on a set finds one faster than a look at each. */
const setTextsMin = 5

function isIn(place: number, texts: readonly string[]): Condition {
  const set = new Set(texts)
  if (set.size >= setTextsMin || !texts.every(isAscii)) {
    return (values) => (values.has(place) ? truthOf(set.has(values.text(place))) : unknown)
  }
  const encoded = [...set].map((text) => Buffer.from(text))
  return (values) => {
    if (!values.has(place)) return unknown
    for (const text of encoded) if (values.equals(place, text)) return yes
    return no
  }
}

/** Whatever is no text has no parts: then the test is false, and so is its opposite. */
function textTest({ find }: Operand, { test, text, isNot }: TextTestNode): Condition {
  const passes = {
    CONTAINS: (value: string) => value.includes(text),
    STARTSWITH: (value: string) => value.startsWith(text),
    ENDSWITH: (value: string) => value.endsWith(text),
  }[test]
  if (text === '') return () => no
  return (values) => {
    const value = find(values)
    if (value === failure) return failed
    return typeof value === 'string' ? truthOf(passes(value) !== isNot) : no
  }
}

function equal(left: ExpressionNode, right: ExpressionNode, places: Places): Condition {
  const simple = propertyEqual(left, right, places)
  if (simple !== undefined) return simple
  const first = operandOf(left, places)
  const second = operandOf(right, places)
  return (values) => {
    const leftValue = first.find(values)
    if (leftValue === failure) return failed
    const rightValue = second.find(values)
    if (rightValue === failure) return failed
    if (leftValue === undefined) return rightValue === undefined ? yes : unknown
    if (rightValue === undefined) return no
    const compared = compareValues(first.type, leftValue, second.type, rightValue)
    return compared === undefined ? failed : truthOf(compared === 0)
  }
}

/** The comparison that most expressions consist of, without a text that is made for it. */
function propertyEqual(left: ExpressionNode, right: ExpressionNode, places: Places): Condition | undefined {
  if (left.kind !== 'property' || right.kind !== 'literal') return undefined
  const { literal } = right
  const place = placeOf(left.name, places)
  if (literal.type === 'text' && isAscii(literal.value)) {
    const text = Buffer.from(literal.value)
    return (values) => (values.has(place) ? truthOf(values.equals(place, text)) : unknown)
  }
  if (literal.type === 'int') {
    const wanted = literal.value
    return (values) => {
      if (!values.has(place)) return unknown
      const value = values.integer(place)
      return Number.isNaN(value) ? failed : truthOf(value === wanted)
    }
  }
  return undefined
}

const orders: Readonly<Record<OrderOperator, (compared: number) => boolean>> = {
  '>': (compared) => compared > 0,
  '>=': (compared) => compared >= 0,
  '<': (compared) => compared < 0,
  '<=': (compared) => compared <= 0,
}

function order(operator: OrderOperator, left: ExpressionNode, right: ExpressionNode, places: Places): Condition {
  const holds = orders[operator]
  if (left.kind === 'property' && right.kind === 'literal' && right.literal.type === 'int') {
    const place = placeOf(left.name, places)
    const bound = right.literal.value
    return (values) => {
      if (!values.has(place)) return unknown
      const value = values.integer(place)
      return Number.isNaN(value) ? failed : truthOf(holds(value - bound))
    }
  }
  const first = operandOf(left, places)
  const second = operandOf(right, places)
  return (values) => {
    const leftValue = first.find(values)
    if (leftValue === undefined) return unknown
    if (leftValue === failure) return failed
    const rightValue = second.find(values)
    if (rightValue === undefined) return unknown
    if (rightValue === failure) return failed
    const compared =
      typeof leftValue === 'string' && typeof rightValue === 'string'
        ? compareAsNumbers(leftValue, rightValue)
        : compareValues(first.type, leftValue, second.type, rightValue)
    return compared === undefined ? failed : truthOf(holds(compared))
  }
}

/** Two texts have no order unless they are numbers. */
function compareAsNumbers(left: string, right: string): number | undefined {
  const leftNumber = javaDouble(left)
  const rightNumber = javaDouble(right)
  return leftNumber === undefined || rightNumber === undefined ? undefined : compareDoubles(leftNumber, rightNumber)
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}
