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
  for (const [key, value] of properties) text += `${propertyLine(key, value)}\n`
  return text
}

/**
 * Changes the values of keys, and nothing else in the text: comments, blank lines, other entries and line ends stay. Of
 * a repeated key the last entry is changed, which is the one that counts. Missing keys are added at the end.
 *
 * @throws JavaPropertiesError for a broken `\u` escape in a key
 */
export function replaceJavaProperties(text: string, changes: ReadonlyMap<string, string>): string {
  const lastOf = new Map<string, LogicalLine>()
  let isOpen = false
  for (const logical of logicalLines(text)) {
    const key = unescaped(logical.content.slice(0, endOfKey(logical.content)), logical.line)
    if (changes.has(key)) lastOf.set(key, logical)
    isOpen = logical.isOpen && !changes.has(key)
  }
  let result = ''
  let end = 0
  for (const [key, logical] of [...lastOf].sort(([, left], [, right]) => left.start - right.start)) {
    result += text.slice(end, logical.start) + propertyLine(key, changes.get(key)!)
    end = logical.end
  }
  result += text.slice(end)
  const added = [...changes].filter(([key]) => !lastOf.has(key))
  if (added.length === 0) return result
  const lineEnd = text.match(/\r\n|\r|\n/g)?.at(-1) ?? '\n'
  if (result !== '' && !/[\r\n]$/.test(result)) result += lineEnd
  // Otherwise a backslash at the end of the text would join the first added line to it.
  if (isOpen) result += lineEnd
  return result + added.map(([key, value]) => propertyLine(key, value) + lineEnd).join('')
}

function propertyLine(key: string, value: string): string {
  return `${escapeKey(key)}=${escapeValue(value)}`
}

/** An entry: one line, or several that backslashes join. */
interface LogicalLine {
  readonly content: string
  /** Number, from 1, of its first line. */
  readonly line: number
  /** Where it begins and ends in the text, without the end of its last line. */
  readonly start: number
  readonly end: number
  /** Whether a backslash at the end of the text leaves it open. */
  readonly isOpen: boolean
}

/** Lines with their continuations joined; blank lines and comments are left out. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let parts: string[] = []
  let first = { line: 0, start: 0 }
  let line = 0
  let end = 0
  for (const { 0: natural, index } of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    line++
    const content = natural.replace(/^[ \t\f]+|[\r\n]+$/g, '')
    if (parts.length === 0) {
      if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
      first = { line, start: index }
    }
    const isEndOfText = natural === ''
    if (!isEndOfText) end = index + natural.replace(/[\r\n]+$/, '').length
    const continues = endsInOddBackslashes(content)
    parts.push(continues ? content.slice(0, -1) : content)
    if (continues) continue
    yield { content: parts.join(''), ...first, end, isOpen: isEndOfText }
    parts = []
  }
  if (parts.length > 0) yield { content: parts.join(''), ...first, end, isOpen: true }
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
