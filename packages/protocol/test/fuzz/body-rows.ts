import { deflateSync, inflateSync } from 'node:zlib'
import { type FuzzRow, fuzzRow, looseText, sameValue } from '@rocketmq-ts/platform/test-kit'
import fc from 'fast-check'
import {
  type Body,
  BodyError,
  decodeCompressedRegisterBroker,
  decodeRegisterBroker,
  encodeCompressedRegisterBroker,
  formatTopicConfigText,
  newTopicConfig,
  parseTopicConfigText,
  type RegisterBroker,
} from '../../src/index.ts'
import { bodiesWithValues, registrations } from '../bodies/arbitraries.ts'
import { liveSamples, serializedSamples } from '../bodies/official-samples.ts'

const words = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  "'",
  '\\',
  '\\u',
  'null',
  'true',
  '-',
  '1e5',
  '9223372036854775808',
  '__proto__',
  '{{}:1}',
  '\ufeff',
  '\u0000',
]
const samples = [...serializedSamples, ...liveSamples]
const inflatedMax = 1024 * 1024

function rowOf({ body, values }: { body: Body<never>; values: fc.Arbitrary<never> }): FuzzRow {
  return fuzzRow<never>({
    name: `body ${body.name}`,
    grammar: 'json',
    words,
    refusals: [BodyError],
    seeds: () => [
      ...samples.filter(({ name }) => name === body.name).map(({ text }) => Buffer.from(text)),
      ...fc
        .sample(values, { numRuns: 8, seed: 1 })
        .map((value, index) => body.encode(value, index % 2 === 0 ? 'java' : 'standard')),
    ],
    decode: (input) => (input.length % 2 === 0 ? body.decode(input) : body.parse(looseText(input))),
    check(value, input) {
      const again = body.decode(body.encode(value))
      if (!sameValue(value, again)) throw new Error('the body does not come back')
      if (input.length % 4 === 0) checkStandardForm(body, value)
    },
  })
}

/** JSON for everybody. Objects as keys are texts in it, of which equal ones count once: then it stays as it is. */
function checkStandardForm(body: Body<never>, value: never): void {
  const encoded = body.encode(value, 'standard')
  JSON.parse(encoded.toString('utf8'))
  const once = body.decode(encoded)
  if (!sameValue(body.decode(body.encode(once, 'standard')), once))
    throw new Error('the standard form does not come back')
}

/** Registrations with names that the compressed form can hold. */
function registrationsToCompress(): RegisterBroker[] {
  return fc.sample(registrations, { numRuns: 60, seed: 1 }).filter(canBeCompressed).slice(0, 8)
}

function canBeCompressed(registration: RegisterBroker): boolean {
  try {
    decodeRegisterBroker(encodeCompressedRegisterBroker(registration))
    return true
  } catch (error) {
    if (error instanceof BodyError) return false
    throw error
  }
}

function checkCompressed(value: RegisterBroker): void {
  const again = decodeRegisterBroker(encodeCompressedRegisterBroker(value))
  if (!sameValue(again, value)) throw new Error('the registration does not come back')
}

export const bodyRows: readonly FuzzRow[] = [
  ...bodiesWithValues.map(rowOf),
  fuzzRow({
    name: 'compressed registration, the stream',
    covers: ['decodeRegisterBroker', 'decodeCompressedRegisterBroker'],
    refusals: [BodyError],
    cost: 4,
    seeds: () => registrationsToCompress().map(encodeCompressedRegisterBroker),
    decode: (input) => decodeRegisterBroker(input, inflatedMax),
    allocatedBytesMax: 4 * inflatedMax,
  }),
  fuzzRow({
    name: 'compressed registration, what is in it',
    covers: ['decodeCompressedRegisterBroker'],
    words,
    refusals: [BodyError],
    cost: 4,
    seeds: () => registrationsToCompress().map((value) => inflateSync(encodeCompressedRegisterBroker(value))),
    decode: (input) => decodeCompressedRegisterBroker(deflateSync(input, { level: 1 }), inflatedMax),
    check: checkCompressed,
    allocatedBytesMax: 4 * inflatedMax,
  }),
  fuzzRow({
    name: 'topic as text',
    covers: ['parseTopicConfigText'],
    words: [' ', 'SINGLE_TAG', 'MULTI_TAG', '{"a":"b"}', '{', '}', '-', '+', '2147483648'],
    refusals: [BodyError],
    seeds: () =>
      [
        newTopicConfig('T'),
        newTopicConfig('订单', { perm: -1, readQueueNums: 2147483647, attributes: new Map([['a b', 'c']]) }),
        newTopicConfig('M', { topicFilterType: 'MULTI_TAG' }),
      ].map((topic) => Buffer.from(formatTopicConfigText(topic))),
    decode: (input) => parseTopicConfigText(looseText(input)),
    check(topic) {
      if (!sameValue(parseTopicConfigText(formatTopicConfigText(topic)), topic))
        throw new Error('it does not come back')
    },
  }),
]
