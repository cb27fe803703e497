import { type FuzzRow, fuzzRow, looseText, sameValue } from '@rocketmq-ts/platform/test-kit'
import {
  decodeMessageProperties,
  EncodedProperties,
  encodeMessageProperties,
  findMessageProperty,
  formatJavaProperties,
  JavaPropertiesError,
  JsonError,
  type JsonValue,
  javaStringHash,
  parseJavaProperties,
  parseJavaPropertyLines,
  parseJson,
  parseTagExpression,
  propertyName,
  stringifyJava,
  TagExpressionError,
} from '../../src/index.ts'
import { parseTolerant } from '../../src/json/tolerant-parser.ts'
import { knownProperties } from '../../src/text/encoded-properties.ts'

const jsonWords = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  "'",
  '\\',
  '\\ud83d',
  '-',
  '1e999',
  '{{}:1}',
  '\ufeff',
  '\v',
  '\u2028',
]

function texts(...values: string[]): Buffer[] {
  return values.map((text) => Buffer.from(text, 'utf8'))
}

const jsonSeeds = (): Buffer[] =>
  texts(
    '{"a":[1,2.5,-0.0,1e3,true,false,null],"b":{"c":"d\\n\\u00e9"},"__proto__":{"x":1}}',
    '{0:"a",1:[{}],{"topic":"T","queueId":1}:{},\'s\':\'t\',}',
    '[9007199254740993,-9223372036854775808,12345678901234567890.5]',
    '"订单"',
  )

function checkJson(value: JsonValue): void {
  if (!sameValue(parseJson(stringifyJava(value)), value)) throw new Error('the value does not come back')
}

const propertyNames = ['KEYS', 'TAGS', 'K', 'DELAY']

/** What servers look for in one pass is what decoding finds. */
function checkKnown(encoded: EncodedProperties, properties: ReadonlyMap<string, string>): void {
  for (const property of knownProperties) {
    const name = propertyName[property]
    const value = properties.get(name)
    if (encoded.value(property) !== value) throw new Error(`one pass over the bytes: ${name} differs`)
    if (encoded.has(property) !== (value !== undefined)) throw new Error(`one pass over the bytes: ${name} is missed`)
    if (encoded.hash(property) !== javaStringHash(value ?? '')) throw new Error(`the hash of ${name} differs`)
  }
}

export const textRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'JSON text',
    covers: ['parseJson'],
    grammar: 'json',
    words: jsonWords,
    refusals: [JsonError],
    seeds: jsonSeeds,
    decode: (input) => parseJson(looseText(input)),
    check: checkJson,
  }),
  fuzzRow({
    name: 'JSON text, always read by the tolerant parser',
    covers: ['parseTolerant'],
    grammar: 'json',
    words: jsonWords,
    refusals: [JsonError],
    seeds: jsonSeeds,
    decode: (input) => ({ value: parseTolerant(looseText(input), 64), text: looseText(input) }),
    check({ value, text }) {
      checkJson(value)
      if (!sameValue(parseJson(text), value)) throw new Error('both parsers read the text, and differently')
    },
  }),
  fuzzRow({
    name: 'Java properties',
    covers: ['parseJavaProperties', 'parseJavaPropertyLines'],
    words: ['\\', '\\u', '\\u00e9', '\\\n', '\r', '\n', '=', ':', ' ', '\t', '\f', '#', '!', '\\\r\n'],
    refusals: [JavaPropertiesError],
    seeds: () =>
      texts(
        'a=b\nc:d\n# note\n!note\ne f\\\n  g\nh=\\u8ba2\\t\\\\',
        ' k = v \r\n\\ =\\ \n',
        'namesrvAddr=127.0.0.1:9876;',
      ),
    decode: (input) => parseJavaProperties(looseText(input)),
    check(properties, input) {
      const again = parseJavaProperties(formatJavaProperties(properties))
      if (!sameValue(again, properties)) throw new Error('the properties do not come back')
      const lineCount = input.toString('utf8').split(/\r\n|\r|\n/).length
      for (const { line } of parseJavaPropertyLines(looseText(input))) {
        if (!(line >= 1 && line <= lineCount)) throw new Error(`there is no line ${line}`)
      }
    },
  }),
  fuzzRow({
    name: 'message properties',
    covers: ['decodeMessageProperties', 'findMessageProperty', 'EncodedProperties'],
    words: ['\u0001', '\u0002', 'KEYS', 'TAGS', 'DELAY', 'KEYS\u0001', '\u0002TAGS\u0001a', 'K'],
    seeds: () =>
      texts(
        '',
        'KEYS\u0001k\u0002TAGS\u0001a\u0002',
        'DELAY\u00013',
        'a\u0001\u0002\u0001b\u0002KEYS\u0001订单\u0002KEYS\u0001l',
      ),
    decode: (input) => decodeMessageProperties(input.toString('utf8')),
    check(properties, input) {
      const text = input.toString('utf8')
      checkKnown(EncodedProperties.ofText(text), properties)
      checkKnown(new EncodedProperties(input), properties)
      for (const name of propertyNames) {
        if (findMessageProperty(text, name) !== properties.get(name)) throw new Error(`text: ${name} differs`)
      }
      // A value may hold the separator of names when it is read, and must not when it is written.
      if ([...properties.values()].some((value) => value.includes('\u0001'))) return
      if (!sameValue(decodeMessageProperties(encodeMessageProperties(properties)), properties)) {
        throw new Error('the properties do not come back')
      }
    },
  }),
  fuzzRow({
    name: 'tag expression',
    covers: ['parseTagExpression'],
    words: ['||', '|', '*', ' ', '\t', 'TagA'],
    refusals: [TagExpressionError],
    seeds: () => texts('*', '', 'A', 'A || B||C ', '订单||*'),
    decode: (input) => parseTagExpression(looseText(input)),
    check(expression) {
      if (expression.kind === 'all' || expression.tags.length === 0) return
      const again = parseTagExpression(expression.tags.join(' || '))
      const isOnlyStar = expression.tags.length === 1 && expression.tags[0] === '*'
      if (!isOnlyStar && !sameValue(again, expression)) throw new Error('the tags do not come back')
    },
  }),
]
