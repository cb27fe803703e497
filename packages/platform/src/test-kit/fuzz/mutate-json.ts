import type { SeededRandom } from '../seeded-random.ts'

/** Strings, numbers and words as wholes, everything else character by character: joined they are the text again. */
const tokenPattern = /"(?:[^"\\]|\\[\s\S])*"|-?\d[\d.eE+-]*|[A-Za-z_]\w*|[\s\S]/g
const valuePattern = /^["\-\dA-Za-z_]/

const deepList = `${'['.repeat(200)}1${']'.repeat(200)}`
const deepObject = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`
const tooDeepForTheStack = `${'['.repeat(20_000)}${']'.repeat(20_000)}`

/** Values that readers of JSON trip over. */
const hostileValues = [
  'null',
  'true',
  'false',
  '""',
  '" "',
  '"x"',
  '0',
  '-0',
  '-1',
  '1.5',
  '1.0',
  '1e3',
  '1e999',
  '-1e999',
  '"1e999"',
  'NaN',
  'Infinity',
  '"NaN"',
  '"0x10"',
  '2147483647',
  '2147483648',
  '-2147483648',
  '-2147483649',
  '"2147483648"',
  '9007199254740991',
  '9007199254740992',
  '-9007199254740993',
  '9223372036854775807',
  '"9223372036854775807"',
  '-9223372036854775808',
  '9223372036854775808',
  '"-9223372036854775809"',
  '99999999999999999999999999999999',
  `${'9'.repeat(500)}`,
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '{"a":null}',
  '{"toString":1}',
  '{"toString":null,"valueOf":null}',
  '{"valueOf":"x","length":4294967295}',
  '{"__proto__":{"x":1}}',
  '{{}:1}',
  '{[1]:[2]}',
  '{1:2,{"a":1}:3}',
  "'single'",
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000\\u0001\\u0002"',
  '"\\u12"',
  '"\\x"',
  '"unclosed',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"\uffff"',
  '""\u2028',
  deepList,
  deepObject,
] as const
/** Values of one kind: a replacement of the same kind gets further into a decoder. */
const numbers = hostileValues.filter((value) => /^"?-?\d+"?$/.test(value))
const texts = hostileValues.filter((value) => /^"([^"\\]|\\u[\da-f]{4})*"$/.test(value))
const flags = ['true', 'false', '"true"', '0', '1', 'null']

function likeOf(token: string): readonly string[] {
  if (token.startsWith('"')) return texts
  return token === 'true' || token === 'false' ? flags : numbers
}

const hostileKeys = ['"__proto__"', '"constructor"', '"toString"', '"length"', '0', '-1', '""', '{}', 'a', '"\\ud800"']
const punctuation = ['{', '}', '[', ']', ',', ':', '"', '\\', ' ', '\n', '']

/** Changes tokens of JSON texts; caches the tokens of each text. */
export class JsonMutator {
  readonly #tokens = new WeakMap<Buffer, readonly string[]>()

  /** @param input not changed */
  mutate(input: Buffer, random: SeededRandom): Buffer {
    if (random.oneIn(2000)) return Buffer.from(tooDeepForTheStack)
    const tokens = [...this.#tokensOf(input)]
    if (tokens.length === 0) return Buffer.from(random.pick(hostileValues))
    for (let changes = random.oneIn(2) ? 1 : 1 + random.below(4); changes > 0; changes--) change(tokens, random)
    return Buffer.from(tokens.join(''), 'utf8')
  }

  #tokensOf(input: Buffer): readonly string[] {
    let tokens = this.#tokens.get(input)
    if (tokens === undefined) {
      tokens = input.toString('utf8').match(tokenPattern) ?? []
      this.#tokens.set(input, tokens)
    }
    return tokens
  }
}

function change(tokens: string[], random: SeededRandom): void {
  let at = random.below(tokens.length)
  const kind = random.below(16)
  if (kind < 10) {
    // The nearest value or key.
    while (at < tokens.length - 1 && !valuePattern.test(tokens[at]!)) at++
    const isKey = tokens[at + 1] === ':' && !random.oneIn(8)
    tokens[at] = random.pick(isKey ? hostileKeys : kind < 6 ? likeOf(tokens[at]!) : hostileValues)
    return
  }
  switch (kind) {
    case 10:
      tokens[at] = ''
      return
    case 11:
      tokens[at] += tokens[at]!
      return
    case 12:
      tokens[at] = random.pick(punctuation)
      return
    case 13:
      tokens[at] = `[${tokens[at]}]`
      return
    case 14:
      tokens[at] = `{"a":${tokens[at]}}`
      return
    default: {
      const other = random.below(tokens.length)
      const swapped = tokens[at]!
      tokens[at] = tokens[other]!
      tokens[other] = swapped
    }
  }
}
