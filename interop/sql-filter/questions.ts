import type { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { encodeMessageProperties } from '@rocketmq-ts/protocol'
import type { Question } from './official-evaluator.ts'

const names = ['a', 'b', 'TAGS', 'region', '_x$1', 'notThere', 'Between1', 'A']
const wholeNumbers = ['0', '1', '5', '10', '-5', '2147483647', '2147483648', '9007199254740993', '9223372036854775807']
const decimals = ['0.5', '5.0', '.5', '5.', '1e3', '1.5E-3', '4.9e-324', '1.7976931348623157e308', '9007199254740993.0']
const words = ['x', 'abc', "it''s", '', 'TRUE', 'true', '5', '5.0', '订单', 'Ａ', '%', 'a b', 'NULL']
/** Numbers that are too large, too small, or not written so. */
const oddNumbers = [
  '007',
  '5L',
  '0L',
  '9223372036854775807l',
  '0x10',
  '1_000',
  '1e',
  '1.2.3',
  '00.5',
  '+5',
  '- 5',
  '--5',
  '1e400',
  '1e-400',
  '0.0',
  '9223372036854775808',
]

/** Values that Java reads as numbers, that look like them, and others. */
const values = [
  ...[
    '0',
    '1',
    '5',
    '10',
    '-5',
    '+5',
    ' 5',
    '5 ',
    '5.0',
    '5.00',
    '.5',
    '5.',
    '5e0',
    '5f',
    '5d',
    '5L',
    '-0',
    '0.0',
    '-0.0',
  ],
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e400',
    '1e-400',
    '0x1p3',
    '0X1.8P1',
    '-0x.8p-1074',
    '0x1p-1075',
    '0x1.fffffffffffff8p1023',
  ],
  ...[
    '2147483647',
    '2147483648',
    '-2147483648',
    '-2147483649',
    '9223372036854775807',
    '9223372036854775808',
    '9007199254740993',
  ],
  ...[
    '000000000000000000005',
    '-',
    '+',
    '--5',
    '1_000',
    '٣',
    '５',
    '𝟓',
    '1٣',
    'true',
    'TRUE',
    'tRuE',
    'false',
    'FALSE',
    'yes',
    'null',
  ],
  ...['x', 'abc', 'xabc', 'abcx', "it's", '订单', 'Ａ', 'A', 'a b', ' ', '%', "'", '\t5', '5\n', 'NULL'],
]

/** Pieces that no generator of sentences puts together. */
const fragments = [
  ...names,
  ...wholeNumbers,
  ...decimals,
  ...oddNumbers,
  ...words.map((word) => `'${word}'`),
  ...['=', '<>', '>', '>=', '<', '<=', '(', ')', ',', '+', '-', 'AND', 'OR', 'NOT', 'and', 'Or', 'noT'],
  ...[
    'BETWEEN',
    'IN',
    'IS',
    'NULL',
    'TRUE',
    'FALSE',
    'CONTAINS',
    'STARTSWITH',
    'ENDSWITH',
    'between',
    'Is',
    'iN',
    'LIKE',
  ],
  ...[
    '--c\n',
    '/*c*/',
    '/* * **/',
    '--c',
    '/*',
    '#',
    '"',
    "'",
    '==',
    '!=',
    '\n',
    '\f',
    '\u00a0',
    ';',
    '*',
    '/',
    '.',
    '\u212a',
    'ſ',
  ],
]

/** Expressions and property sets, of which many meet in what is hard: limits, types, texts that are nearly something. */
export class QuestionGenerator {
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  next(propertySets: number): Question {
    return {
      expression: this.#expression(),
      propertySets: Array.from({ length: propertySets }, () => this.#properties()),
    }
  }

  #properties(): string {
    const properties = new Map<string, string>()
    for (const name of names)
      if (name !== 'notThere' && this.#random.chance(0.6)) properties.set(name, this.#random.pick(values))
    // What is stored may hold pairs that no client of ours would write.
    const odd = this.#random.chance(0.1)
      ? this.#random.pick(['a\u0001\u0002', 'a\u00015\u0002a\u0001x\u0002', '\u0001x\u0002', 'b\u0001x\u0001y\u0002'])
      : ''
    const text = encodeMessageProperties(properties)
    return odd + (this.#random.chance(0.1) && text !== '' ? text.slice(0, -1) : text)
  }

  #expression(): string {
    const kind = this.#random.below(20)
    if (kind === 0) return this.#fragments()
    if (kind === 1) return this.#mutated(this.#or(2))
    if (kind === 2) return this.#deep()
    const expression = this.#or(this.#random.below(3))
    return this.#random.chance(0.03) ? `${expression} ${this.#random.pick(fragments)}` : expression
  }

  #fragments(): string {
    return Array.from({ length: 1 + this.#random.below(8) }, () => this.#random.pick(fragments)).join(
      this.#random.chance(0.8) ? ' ' : '',
    )
  }

  #mutated(expression: string): string {
    const at = this.#random.below(expression.length + 1)
    return this.#random.chance(0.5)
      ? expression.slice(0, at) + expression.slice(at + 1 + this.#random.below(3))
      : `${expression.slice(0, at)}${this.#random.pick(fragments)}${expression.slice(at)}`
  }

  /** As deep as both take: each NOT and each parenthesis counts with us. */
  #deep(): string {
    const depth = 1 + this.#random.below(45)
    const [open, close] = this.#random.pick([
      ['(', ')'],
      ['NOT ', ''],
      ['- ', ''],
      ['+', ''],
      ['NOT (', ')'],
      ['', ' IS NULL'],
      ['', ' = TRUE'],
    ] as const)
    return open.repeat(depth) + this.#or(0) + close.repeat(depth)
  }

  #or(depth: number): string {
    return this.#joined(['OR', 'or'], () => this.#joined(['AND', 'aNd'], () => this.#condition(depth)))
  }

  #joined(by: readonly string[], part: () => string): string {
    let text = part()
    while (this.#random.chance(0.3)) text += ` ${this.#random.pick(by)} ${part()}`
    return text
  }

  #condition(depth: number): string {
    if (depth > 0 && this.#random.chance(0.3)) return `(${this.#or(depth - 1)})`
    if (this.#random.chance(0.1)) return `NOT ${this.#condition(depth)}`
    const not = this.#random.pick(['', '', 'NOT '])
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return `${this.#operand(depth)} ${this.#random.pick(['=', '<>'])} ${this.#operand(depth)}`
      case 2:
      case 3:
        return `${this.#number(depth)} ${this.#random.pick(['>', '>=', '<', '<='])} ${this.#number(depth)}`
      case 4:
        return `${this.#number(depth)} ${not}BETWEEN ${this.#number(0)} AND ${this.#number(0)}`
      case 5:
        return `${this.#operand(depth)} IS ${not}NULL`
      case 6:
        return `${this.#left()} ${not}IN (${Array.from({ length: 1 + this.#random.below(7) }, () => this.#text()).join(', ')})`
      case 7:
        return `${this.#left()} ${not}${this.#random.pick(['CONTAINS', 'STARTSWITH', 'ENDSWITH', 'contains'])} ${this.#text()}`
      default:
        return this.#random.pick([...names, 'TRUE', 'FALSE', 'NULL'])
    }
  }

  /** What can be compared by its order, most of the time. */
  #number(depth: number): string {
    if (this.#random.chance(0.05)) return this.#operand(depth)
    return this.#random.chance(0.6) ? this.#random.pick(names) : this.#random.pick([...wholeNumbers, ...decimals])
  }

  #left(): string {
    return this.#random.chance(0.95) ? this.#random.pick(names) : this.#operand(0)
  }

  #operand(depth: number): string {
    const sign = this.#random.chance(0.08) ? this.#random.pick(['-', '+', '- ', '-+']) : ''
    const kind = this.#random.below(40)
    if (kind < 18) return sign + this.#random.pick(names)
    if (kind < 26) return sign + this.#random.pick(wholeNumbers)
    if (kind < 30) return sign + this.#random.pick(decimals)
    if (kind < 35) return this.#text()
    if (kind < 37) return this.#random.pick(['TRUE', 'FALSE', 'true'])
    if (kind === 37) return this.#random.pick([...oddNumbers, 'NULL'])
    return depth > 0 ? `${sign}(${this.#or(depth - 1)})` : this.#text()
  }

  #text(): string {
    return `'${this.#random.pick(words)}'`
  }
}
