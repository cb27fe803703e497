/** A `.properties` text that Java would refuse: a `\u` that four hexadecimal digits do not follow. */
export class JavaPropertiesError extends Error {
  override readonly name = 'JavaPropertiesError'
  /** Line number from 1. */
  readonly line: number

  constructor(reason: string, line: number) {
    super(`${reason} in line ${line}`)
    this.line = line
  }
}

/** One entry of a `.properties` text. */
export interface JavaProperty {
  readonly key: string
  readonly value: string
  /** Number, from 1, of the line on which the entry starts. */
  readonly line: number
}

/**
 * Parses the text of a Java `.properties` file (configuration files; bodies of requests 25, 26, 318, 319, 1009, 1010):
 * comments with `#` and `!`, keys ended by `=`, `:` or blanks, lines continued by a backslash, and Java's escapes.
 *
 * @returns the entries in their order, repeated keys included
 * @throws JavaPropertiesError for a broken `\u` escape
 */
export function parseJavaPropertyLines(text: string): JavaProperty[] {
  const properties: JavaProperty[] = []
  for (const { content, line } of logicalLines(text)) {
    const keyEnd = endOfKey(content)
    const valueStart = startOfValue(content, keyEnd)
    properties.push({
      key: unescaped(content.slice(0, keyEnd), line),
      value: unescaped(content.slice(valueStart), line),
      line,
    })
  }
  return properties
}

/**
 * Parses as `parseJavaPropertyLines` does; of a repeated key the last value counts.
 *
 * @throws JavaPropertiesError for a broken `\u` escape
 */
export function parseJavaProperties(text: string): Map<string, string> {
  return new Map(parseJavaPropertyLines(text).map(({ key, value }) => [key, value]))
}

/**
 * Writes `key=value` lines. What Java's parser would read differently (backslashes, line ends, leading blanks,
 * separators in keys, characters outside printable ASCII) is escaped, the rest stands as it is.
 */
export function formatJavaProperties(properties: Iterable<readonly [key: string, value: string]>): string {
  let text = ''
  for (const [key, value] of properties) text += `${escapeKey(key)}=${escapeValue(value)}\n`
  return text
}

/** Lines with their continuations joined; blank lines and comments are left out. */
function* logicalLines(text: string): Generator<{ content: string; line: number }> {
  let parts: string[] = []
  let first = 0
  let number = 0
  for (const natural of text.split(/\r\n|\r|\n/)) {
    number++
    const content = natural.replace(/^[ \t\f]+/, '')
    if (parts.length === 0) {
      if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
      first = number
    }
    const continues = endsInOddBackslashes(content)
    parts.push(continues ? content.slice(0, -1) : content)
    if (continues) continue
    yield { content: parts.join(''), line: first }
    parts = []
  }
  if (parts.length > 0) yield { content: parts.join(''), line: first }
}

function endsInOddBackslashes(content: string): boolean {
  let count = 0
  while (content[content.length - 1 - count] === '\\') count++
  return count % 2 === 1
}

function endOfKey(content: string): number {
  for (let index = 0; index < content.length; index++) {
    const letter = content[index] as string
    if (letter === '\\') index++
    else if (letter === '=' || letter === ':' || isBlank(letter)) return index
  }
  return content.length
}

/** Skips blanks, at most one separator, and blanks again. */
function startOfValue(content: string, keyEnd: number): number {
  let index = skipBlanks(content, keyEnd)
  if (content[index] === '=' || content[index] === ':') index = skipBlanks(content, index + 1)
  return index
}

function skipBlanks(content: string, start: number): number {
  let index = start
  while (index < content.length && isBlank(content[index] as string)) index++
  return index
}

function isBlank(letter: string): boolean {
  return letter === ' ' || letter === '\t' || letter === '\f'
}

const LETTER_ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescaped(escaped: string, line: number): string {
  if (!escaped.includes('\\')) return escaped
  return escaped.replace(/\\(u[0-9a-fA-F]{4}|.|$)/gs, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (code === 'u') throw new JavaPropertiesError('\\u without four hexadecimal digits', line)
    return LETTER_ESCAPES[code] ?? code
  })
}

function escapeKey(key: string): string {
  return escapeSpecial(key).replace(/[ =:#!]/g, '\\$&')
}

function escapeValue(value: string): string {
  return escapeSpecial(value).replace(/^ /, '\\ ')
}

function escapeSpecial(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (letter) => {
    if (letter === '\\') return '\\\\'
    if (letter === '\t') return '\\t'
    if (letter === '\n') return '\\n'
    if (letter === '\r') return '\\r'
    if (letter === '\f') return '\\f'
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`
  })
}
