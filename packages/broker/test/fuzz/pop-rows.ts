import { type FuzzRow, fuzzRow } from '@rocketmq-ts/platform/test-kit'
import {
  decodeMessages,
  encodeHost,
  type PopReceipt,
  popBatchAckBody,
  readRecord,
  recordBytes,
  writeRecord,
} from '@rocketmq-ts/protocol'
import type { Checkpoint } from '../../src/pop/receipts.ts'
import { ackRecord, checkpointRecord, readReviveRecord } from '../../src/pop/revive-records.ts'
import { shownRecord } from '../../src/pop/shown-record.ts'

const host = encodeHost('127.0.0.1', 10911)
const parts = { reviveTopic: 'R', brokerName: 'broker-a', storeHost: host, epoch: () => 'e', logEnd: () => 1000 }
const checkpoint: Checkpoint = {
  ...{ topic: 'T', group: 'g', queueId: 1, startOffset: 5, popTime: 1_700_000_000_000, invisibleTime: 60_000 },
  ...{ offsets: [5, 7], reviveQueueId: 2, isSuspended: false },
}

const tagEnd = 0
const records = [
  { tag: 'ck', body: checkpointRecord(checkpoint, parts, 1).body },
  { tag: 'ack', body: ackRecord({ ...checkpoint, offsets: [5] }, parts, 1).body },
  { tag: 'bAck', body: ackRecord(checkpoint, parts, 1).body },
  { tag: 'bAck', body: popBatchAckBody.encode({ ao: -1, aol: [], c: 'g', pt: 1, q: 0, so: 0, t: 'T' }) },
]

const receipt: PopReceipt = {
  ...{ startOffset: 5, popTime: 1_700_000_000_000, invisibleTime: 60_000, reviveQueueId: 2 },
  ...{ source: '1', brokerName: 'broker-a', queueId: 1, queueOffset: 5 },
}

function storedRecord(properties: Buffer): Buffer {
  const message = {
    ...{ topicBytes: Buffer.from('%RETRY%g_T'), queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: host },
    ...{ storeHost: host, reconsumeTimes: 1, preparedTransactionOffset: 0, body: Buffer.from('b') },
    propertiesBytes: properties.subarray(0, 32_767),
  }
  const bytes = Buffer.alloc(recordBytes(message))
  writeRecord(bytes, 0, bytes.length, message, 5, 4096, 1)
  return bytes
}

export const popRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'record of the revive topic',
    covers: ['readReviveRecord'],
    words: ['"so":', '"d":', '[', ']', '-1', '9223372036854775807', '"n":33', '"bn":"broker-a"', 'ck\0', '{', '}'],
    seeds: () => records.map(({ tag, body }) => Buffer.concat([Buffer.from(`${tag}\0`), body])),
    decode(input) {
      const end = Math.max(0, input.indexOf(tagEnd))
      const [message] = decodeMessages(storedRecord(Buffer.from('')))
      const properties = `TAGS\u0001${input.toString('latin1', 0, end)}\u0002`
      return readReviveRecord({ ...message!, properties, body: input.subarray(end + 1) })
    },
    check(record) {
      if (record?.kind !== 'checkpoint') return
      const { offsets, popTime, invisibleTime, queueId } = record.checkpoint
      if (offsets.length > 32) throw new Error(`${offsets.length} messages`)
      for (const number of [...offsets, popTime, invisibleTime, popTime + invisibleTime, queueId]) {
        if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${number} is no natural number`)
      }
    },
  }),
  fuzzRow({
    name: 'record of a retry topic as it is shown',
    words: ['\u0001', '\u0002', 'POP_CK\u0001', 'KEYS\u0001'],
    seeds: () => ['', 'KEYS\u0001k\u0002TAGS\u0001a\u0002', `POP_CK\u0001x\u0002`].map((text) => Buffer.from(text)),
    decode: (input) => shownRecord(storedRecord(input), 0, 'T', receipt),
    check(bytes) {
      if (readRecord(bytes, 0, true).kind !== 'record') throw new Error('it is no record')
      const [shown] = decodeMessages(bytes)
      if (shown!.topic !== 'T' || String(shown!.body) !== 'b') throw new Error('it is another message')
      if (!shown!.properties.includes('POP_CK\u00015 1700000000000 60000 2 1 broker-a 1 5\u0002')) {
        throw new Error('it has no receipt')
      }
    },
  }),
]
