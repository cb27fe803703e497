import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as bodies from '../../src/bodies/index.ts'
import {
  BodyError,
  decodeRegisterBroker,
  encodeCompressedRegisterBroker,
  type RegisterBroker,
} from '../../src/bodies/index.ts'
import { bodiesWithValues, registrations } from './arbitraries.ts'

const named = bodiesWithValues.map(({ body, values }) => [body.name, body, values] as const)

test('every body is covered', () => {
  const exported = Object.values(bodies).filter((each) => typeof each === 'object' && 'decode' in each)
  expect(new Set(bodiesWithValues.map(({ body }) => body))).toEqual(new Set(exported))
})

describe('what is written is read back the same', () => {
  test.each(named)('%s', (_, body, values) => {
    fc.assert(
      fc.property(values, fc.constantFrom('java', 'standard'), (value, form) => {
        expect(body.decode(body.encode(value, form))).toEqual(value)
      }),
      { numRuns: 60 },
    )
  })

  test.each(named)('%s in the standard form is JSON for everybody', (_, body, values) => {
    fc.assert(
      fc.property(values, (value) => {
        JSON.parse(body.encode(value, 'standard').toString())
      }),
      { numRuns: 30 },
    )
  })

  test('a compressed registration, but for what that form does not hold', () => {
    fc.assert(
      fc.property(registrations.filter(fitsCompressedForm), (registration) => {
        expect(decodeRegisterBroker(encodeCompressedRegisterBroker(registration))).toEqual(compressible(registration))
      }),
    )
  })
})

describe('hostile bytes are read or refused with a BodyError', () => {
  test.each(named)('%s', (_, body, values) => {
    fc.assert(
      fc.property(
        values.map((value) => body.encode(value)),
        mutations,
        (bytes, mutation) => {
          onlyBodyErrors(() => body.decode(mutation(bytes)))
        },
      ),
      { numRuns: 150 },
    )
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        onlyBodyErrors(() => body.decode(bytes))
      }),
      { numRuns: 50 },
    )
  })

  test('a registration in either form', () => {
    const both = registrations
      .filter(fitsCompressedForm)
      .chain((registration) =>
        fc.constantFrom(encodeCompressedRegisterBroker(registration), bodies.registerBrokerBody.encode(registration)),
      )
    fc.assert(
      fc.property(both, mutations, (bytes, mutation) => {
        onlyBodyErrors(() => decodeRegisterBroker(mutation(bytes)))
      }),
    )
  })
})

/** Flips a byte, cuts off the end, takes out or repeats a stretch, or puts JSON in the middle. */
const mutations = fc
  .record({
    kind: fc.constantFrom('flip', 'cut', 'remove', 'repeat', 'insert'),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(12),
    byte: fc.integer({ min: 1, max: 255 }),
    insertion: fc.constantFrom(
      'null',
      '{}',
      '[]',
      '"',
      '9223372036854775808',
      '1e999',
      '{{}:1}',
      '__proto__',
      '\\u12',
      ',',
    ),
  })
  .map(({ kind, from, length, byte, insertion }) => (bytes: Buffer): Buffer => {
    const at = Math.floor(from * Math.max(0, bytes.length - 1))
    const head = bytes.subarray(0, at)
    const tail = bytes.subarray(at)
    if (kind === 'cut') return head
    if (kind === 'remove') return Buffer.concat([head, tail.subarray(length)])
    if (kind === 'repeat') return Buffer.concat([head, tail.subarray(0, length), tail])
    if (kind === 'insert') return Buffer.concat([head, Buffer.from(insertion), tail])
    const flipped = Buffer.from(bytes)
    if (at < flipped.length) flipped[at] = (flipped[at] as number) ^ byte
    return flipped
  })

function onlyBodyErrors(step: () => unknown): void {
  try {
    step()
  } catch (error) {
    expect(error).toBeInstanceOf(BodyError)
  }
}

function fitsCompressedForm({ topicConfigSerializeWrapper: wrapper }: RegisterBroker): boolean {
  const topics = [...wrapper.topicConfigTable.values()]
  const mappings = [...wrapper.topicQueueMappingInfoMap.values()]
  return (
    topics.every(({ topicName }) => topicName !== '' && !topicName.includes(' ')) &&
    mappings.every(({ topic }) => topic !== undefined)
  )
}

function compressible({ filterServerList, topicConfigSerializeWrapper: wrapper }: RegisterBroker): RegisterBroker {
  const topics = [...wrapper.topicConfigTable.values()].map((topic) => ({ ...topic, order: false, topicSysFlag: 0 }))
  const mappings = [...wrapper.topicQueueMappingInfoMap.values()]
  return {
    filterServerList,
    topicConfigSerializeWrapper: {
      dataVersion: wrapper.dataVersion,
      topicConfigTable: new Map(topics.map((topic) => [topic.topicName, topic])),
      topicQueueMappingInfoMap: new Map(mappings.map((mapping) => [mapping.topic as string, mapping])),
      topicQueueMappingDetailMap: new Map(),
    },
  }
}
