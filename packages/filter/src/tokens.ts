import { FilterExpressionError } from './filter-expression-error.ts'

const keywords = [
  'NOT',
  'AND',
  'OR',
  'BETWEEN',
  'IN',
  'TRUE',
  'FALSE',
  'NULL',
  'IS',
  'CONTAINS',
  'STARTSWITH',
  'ENDSWITH',
] as const

type Keyword = (typeof keywords)[number]
type Sign = '=' | '<>' | '>' | '>=' | '<' | '<=' | '+' | '-' | '(' | ')' | ','

export type TokenKind = Keyword | Sign | 'integer' | 'decimal' | 'text' | 'name' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As it is written. */
  readonly image: string
  /** Of its first character in the expression, from 0. */
  readonly index: number
}

const isKeyword: ReadonlySet<string> = new Set(keywords)

/** What parts tokens. A comment to the end of a line needs the end of that line. */
const blank = /(?:[ \t\n\r\f]|--[^\n\r]*[\n\r]|\/\*[^*]*\*(?:\*|[^*/][^*]*\*)*\/)*/y
const number = /(?:\d+\.\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+)|((?:0|[1-9]\d*l?))/iy
const name = /[a-z_$][a-z0-9_$]*/iy
const text = /'(?:''|[^'])*'/y
const sign = /<>|<=|>=|[=<>+\-(),]/y

/** The tokens of an expression, each found when it is asked for: what stands behind the last one asked for is not read. */
export class Tokens {
  readonly #expression: string
  #at = 0
  #ahead: Token | undefined

  constructor(expression: string) {
    this.#expression = expression
  }

  /**
   * The next token, which stays.
   * @throws FilterExpressionError where no token stands
   */
  peek(): Token {
    this.#ahead ??= this.#read()
    return this.#ahead
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek()
    this.#ahead = undefined
    return token
  }

  #read(): Token {
    this.#match(blank)
    const index = this.#at
    if (index === this.#expression.length) return { kind: 'end', image: '', index }
    const numeral = this.#match(number)
    if (numeral !== undefined) {
      return { kind: numeral[1] === undefined ? 'decimal' : 'integer', image: numeral[0], index }
    }
    const word = this.#match(name)?.[0]
    if (word !== undefined) {
      const upper = word.toUpperCase()
      return { kind: isKeyword.has(upper) ? (upper as Keyword) : 'name', image: word, index }
    }
    const quoted = this.#match(text)?.[0]
    if (quoted !== undefined) return { kind: 'text', image: quoted, index }
    const symbol = this.#match(sign)?.[0]
    if (symbol !== undefined) return { kind: symbol as Sign, image: symbol, index }
    const letter = String.fromCodePoint(this.#expression.codePointAt(index)!)
    const reason =
      letter === "'"
        ? "a text has no end: close it with ', and write a ' within it twice"
        : `no part of an expression starts with ${JSON.stringify(letter)}`
    throw new FilterExpressionError(reason, index)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#expression)
    if (found === null) return undefined
    this.#at = pattern.lastIndex
    return found
  }
}
