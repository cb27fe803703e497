import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnyCommand, commandOfCode, commands, ProtocolError } from '../../src/index.ts'
import { headerJson } from '../header-json.ts'

const values = {
  str: fc.string({ minLength: 1 }),
  i32: fc.integer(),
  i64: fc.maxSafeInteger(),
  bool: fc.boolean(),
  boundary: fc.constantFrom('lower', 'upper'),
}

function headerOf(fields: AnyCommand['request']): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => {
        const { kind, absent } = field as { kind: keyof typeof values; absent: unknown }
        const value: fc.Arbitrary<unknown> = values[kind]
        return [name, absent === 'optional' ? fc.option(value, { nil: undefined }) : value]
      }),
    ),
  )
}

describe('every command', () => {
  test('has a code of its own', () => {
    const all = Object.values(commands)
    expect(new Set(all.map(({ code }) => code)).size).toBe(all.length)
    for (const command of all) expect(commandOfCode(command.code)).toBe(command)
  })

  test.each(Object.values(commands))(
    '$name has headers that come back as they were sent, in both forms',
    (command: AnyCommand) => {
      for (const [fields, codec] of [
        [command.request, command.requestCodec],
        [command.response, command.responseCodec],
      ] as const) {
        fc.assert(
          fc.property(headerOf(fields), (header) => {
            expect(codec.decode(codec.encode(header))).toEqual(header)
            expect(codec.decode(JSON.parse(headerJson(codec, header)))).toEqual(header)
          }),
          { numRuns: 20 },
        )
      }
    },
  )

  test('refuses a header that lacks a field or has a malformed one, naming it', () => {
    const { requestCodec } = commands.pullMessage
    expect(() => requestCodec.decode({})).toThrow(ProtocolError)
    expect(() => requestCodec.decode(undefined)).toThrow('consumerGroup')
    expect(() => commands.getMaxOffset.requestCodec.decode({ topic: 'T', queueId: 'x' })).toThrow('queueId')
    expect(() => commands.getMaxOffset.requestCodec.decode({ topic: 'T', queueId: '3000000000' })).toThrow('queueId')
  })

  test('takes 64-bit numbers beyond what a number holds as "no limit"', () => {
    const header = commands.queryMessage.requestCodec.decode({
      topic: 'T',
      key: 'k',
      maxNum: '32',
      beginTimestamp: '-9223372036854775808',
      endTimestamp: '9223372036854775807',
    })
    expect(header.endTimestamp).toBe(Number.MAX_SAFE_INTEGER)
    expect(header.beginTimestamp).toBe(Number.MIN_SAFE_INTEGER)
  })

  test('of sending has one-letter names in its second version', () => {
    const header = commands.sendMessageV2.requestCodec.decode({
      a: 'P',
      b: 'T',
      c: 'D',
      d: '4',
      e: '1',
      f: '0',
      g: '9',
      h: '0',
      m: 'true',
    })
    expect(header).toMatchObject({ producerGroup: 'P', topic: 'T', defaultTopicQueueNums: 4, queueId: 1, batch: true })
  })

  test.each([commands.sendMessageV2, commands.sendBatchMessage])(
    'of $name may lack what only a new topic needs',
    (command) => {
      const needed = { b: 'T', e: '1', f: '0', g: '9', h: '0' }
      expect(command.requestCodec.decode(needed)).toMatchObject({
        producerGroup: undefined,
        topic: 'T',
        defaultTopic: '',
        defaultTopicQueueNums: 0,
        queueId: 1,
      })
      for (const letter of Object.keys(needed)) {
        expect(() => command.requestCodec.decode({ ...needed, [letter]: undefined as never })).toThrow(ProtocolError)
      }
    },
  )

  test('of SEND_MESSAGE may lack what only a new topic needs', () => {
    const needed = { topic: 'T', queueId: '1', sysFlag: '0', bornTimestamp: '9', flag: '0' }
    expect(commands.sendMessage.requestCodec.decode(needed)).toMatchObject({
      defaultTopic: '',
      defaultTopicQueueNums: 0,
    })
  })

  test('of a pull may lack what its sysFlag does not ask for', () => {
    const needed = { consumerGroup: 'G', topic: 'T', queueId: '0', queueOffset: '0', maxMsgNums: '1', sysFlag: '0' }
    expect(commands.pullMessage.requestCodec.decode(needed)).toMatchObject({
      commitOffset: undefined,
      suspendTimeoutMillis: undefined,
      subVersion: 0,
    })
  })
})
