import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bodyCrc,
  decodeBatchBody,
  decodeMessages,
  encodeBatchBody,
  encodeHost,
  MessageDecodeError,
  type MessageToStore,
  offsetMessageId,
  parseOffsetMessageId,
  readRecord,
  recordBytes,
  upperHex,
  writeRecord,
} from '../../src/index.ts'

const host = fc.constantFrom(encodeHost('127.0.0.1', 10911), encodeHost('fe80::1:2', 65_535), encodeHost('10.1.2.3', 1))
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
const text = (minLength: number, maxLength: number) =>
  fc.string({ minLength, maxLength, unit: 'binary' }).map((value) => Buffer.from(value, 'utf8'))

const message: fc.Arbitrary<MessageToStore> = fc.record({
  topicBytes: text(1, 80).filter((topic) => topic.length > 0),
  queueId: fc.nat(1000),
  flag: fc.integer(),
  sysFlag: fc.constantFrom(0, 1, 8, 0x301),
  bornTimestamp: fc.nat({ max: 2 ** 45 }),
  bornHost: host,
  storeHost: host,
  reconsumeTimes: fc.nat(16),
  preparedTransactionOffset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  body: bytes(300),
  propertiesBytes: text(0, 200),
})

function encoded(one: MessageToStore, queueOffset: number, physicalOffset: number, storeTimestamp: number): Buffer {
  const size = recordBytes(one)
  const record = Buffer.alloc(size)
  writeRecord(record, 0, size, one, queueOffset, physicalOffset, storeTimestamp)
  return record
}

describe('a record', () => {
  test('comes back as it was written, whatever its hosts, topic length and content', () => {
    const offset = fc.nat({ max: Number.MAX_SAFE_INTEGER })
    fc.assert(
      fc.property(message, offset, offset, (one, queueOffset, physicalOffset) => {
        const [decoded] = decodeMessages(encoded(one, queueOffset, physicalOffset, 1_700_000_000_123))
        expect(decoded).toMatchObject({
          topic: one.topicBytes.toString('utf8'),
          queueId: one.queueId,
          flag: one.flag,
          queueOffset,
          physicalOffset,
          bornTimestamp: one.bornTimestamp,
          storeTimestamp: 1_700_000_000_123,
          reconsumeTimes: one.reconsumeTimes,
          preparedTransactionOffset: one.preparedTransactionOffset,
          properties: one.propertiesBytes.toString('utf8'),
        })
        expect(decoded!.body.equals(one.body)).toBe(true)
        expect(encodeHost(decoded!.bornHost.host, decoded!.bornHost.port).equals(one.bornHost)).toBe(true)
        expect(encodeHost(decoded!.storeHost.host, decoded!.storeHost.port).equals(one.storeHost)).toBe(true)
      }),
    )
  })

  test('has the head that the official broker wrote', () => {
    const properties = Buffer.from(
      'MSG_REGION\u0001DefaultRegion\u0002UNIQ_KEY\u0001FD000000000000000000000000000000000000000000000000000000\u0002CLUSTER\u0001DefaultCluster\u0002WAIT\u0001true\u0002TRACE_ON\u0001true\u0002',
    )
    expect(properties.length).toBe(0x8a)
    const one: MessageToStore = {
      topicBytes: Buffer.from('BenchT1'),
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: 0x1a2068ea265,
      bornHost: encodeHost('127.0.0.1', 0xbea0),
      storeHost: encodeHost('127.0.0.1', 10911),
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.alloc(128),
      propertiesBytes: properties,
    }
    const record = encoded(one, 0, 0, 0x1a2068ea2eb)
    expect(record.length).toBe(364)
    const withoutCrc = record.toString('hex', 0, 8) + record.toString('hex', 12, 88)
    expect(withoutCrc).toBe(
      '0000016cdaa320a7' +
        '00000000' +
        '00000000' +
        '0000000000000000' +
        '0000000000000000' +
        '00000000' +
        '000001a2068ea265' +
        '7f0000010000bea0' +
        '000001a2068ea2eb' +
        '7f00000100002a9f' +
        '00000000' +
        '0000000000000000' +
        '00000080',
    )
  })

  test('whose bytes were changed is refused or decodes to other values, and never reads outside of itself', () => {
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(message, change, (one, changes) => {
        const record = encoded(one, 1, 2, 3)
        for (const [position, value] of changes) record[position % record.length] = value
        const reading = readRecord(record, 0, true)
        if (reading.kind === 'record') {
          expect(reading.record.propertiesEnd).toBe(reading.record.start + reading.record.totalSize)
          expect(reading.record.propertiesEnd).toBeLessThanOrEqual(record.length)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('with a flipped bit in its body fails its checksum', () => {
    fc.assert(
      fc.property(
        message.filter(({ body }) => body.length > 0),
        fc.nat(),
        fc.nat(7),
        (one, position, bit) => {
          const record = encoded(one, 0, 0, 0)
          const reading = readRecord(record, 0, true)
          if (reading.kind !== 'record') throw new Error(reading.kind)
          const { bodyStart, bodyEnd } = reading.record
          const at = bodyStart + (position % (bodyEnd - bodyStart))
          record[at] = record[at]! ^ (1 << bit)
          // The checksum leaves its own sign bit out: one flip in 2^31 could pass.
          expect(readRecord(record, 0, true)).toMatchObject({ kind: 'invalid' })
        },
      ),
    )
  })
})

describe('a batch', () => {
  test('of the official client is split', () => {
    const properties = Buffer.from('u\u0001v\u0002KEYS\u0001k1\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002')
    const body = Buffer.concat([
      Buffer.from(`0000003b00000000000000000000000000000005${Buffer.from('hello').toString('hex')}0020`, 'hex'),
      properties.subarray(0, 0x20),
    ])
    expect(decodeBatchBody(body)).toMatchObject([{ flag: 0, body: Buffer.from('hello') }])
  })

  test('comes back as it was put together', () => {
    const one = fc.record({ flag: fc.integer(), body: bytes(100), propertiesBytes: bytes(100) })
    fc.assert(
      fc.property(fc.array(one), (messages) => {
        expect(decodeBatchBody(encodeBatchBody(messages))).toEqual(messages)
      }),
    )
  })

  test('of any bytes is split or refused', () => {
    fc.assert(
      fc.property(bytes(200), (body) => {
        try {
          decodeBatchBody(body)
        } catch (error) {
          expect(error).toBeInstanceOf(MessageDecodeError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('ids and checksums', () => {
  test('are those of the official broker', () => {
    const hex = upperHex(encodeHost('127.0.0.1', 10911))
    expect(offsetMessageId(hex, 364)).toBe('7F00000100002A9F000000000000016C')
    expect(parseOffsetMessageId('7F00000100002A9F000000000000016C')).toEqual({
      host: '127.0.0.1',
      port: 10911,
      physicalOffset: 364,
    })
    expect(bodyCrc(Buffer.from('hello'))).toBe(907_060_870)
  })
})
