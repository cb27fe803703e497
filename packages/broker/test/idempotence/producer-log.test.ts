import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties, timerTopic } from '@rocketmq-ts/protocol'
import type { RecordView } from '@rocketmq-ts/storage'
import { describe, expect, test } from 'vitest'
import { ProducerLog } from '../../src/idempotence/producer-log.ts'
import { settle } from '../kept/config-kit.ts'

const path = '/config/producerSequences.json'

function setUp(text?: string) {
  const clock = new SteppedClock(1_700_000_000_000)
  const disk = new CrashableFileSystem(() => clock.now())
  disk.makeFolder('/config')
  if (text !== undefined) {
    const file = disk.open(path, 'create')
    file.write(Buffer.from(text), 0)
    file.close()
  }
  const limits = { count: 8, producersMax: 3, silenceMsMax: () => 60_000 }
  const open = () => {
    const log = new ProducerLog({ fileSystem: disk, clock, log: silentLog, path, limits })
    log.prepare()
    return log
  }
  return { clock, disk, open }
}

function record(sequence: number, physicalOffset: number, topic = 't', others = ''): RecordView {
  const numbered = `__PRODUCER_ID\u0001p\u0002__PRODUCER_SEQUENCE\u0001${sequence}\u0002`
  const properties = EncodedProperties.ofText(numbered + others)
  const place = { topic, queueId: 1, queueOffset: 7, physicalOffset }
  return { properties, ...place, storeTimestamp: 1_700_000_000_000 } as RecordView
}

describe('the numbers of producers', () => {
  test('are read in the log again from the first message that is not in the file', async () => {
    const { clock, open } = setUp()
    const log = open()
    expect(log.position).toBe(Number.POSITIVE_INFINITY)
    log.apply(record(1, 100))
    log.apply(record(2, 200))
    expect(log.position).toBe(100)
    clock.advance(6000)
    await settle(clock)
    expect(log.position).toBe(Number.POSITIVE_INFINITY)
    log.apply(record(3, 300))
    expect(log.position).toBe(300)
    const again = open()
    const claims = [1, 2, 3].map((sequence) => again.windows.claim('p', sequence, clock.now()).kind)
    expect(claims).toEqual(['stored', 'stored', 'new'])
  })

  test('of messages that a failure of the power took are free again', () => {
    const { clock, open } = setUp()
    const log = open()
    log.apply(record(1, 100))
    log.apply(record(2, 200))
    log.close()
    const again = open()
    again.endReplay(200)
    expect([1, 2].map((sequence) => again.windows.claim('p', sequence, clock.now()).kind)).toEqual(['stored', 'new'])
  })

  test.each(['-1', '4294967295', '5'])(
    'are read again, whatever queue REAL_QID of a plain message names: %s',
    (queueId) => {
      const { clock, open } = setUp()
      const log = open()
      log.apply(record(1, 100, 't', `REAL_TOPIC\u0001t\u0002REAL_QID\u0001${queueId}\u0002`))
      log.close()
      const place = { queueId: 1, queueOffset: 7, physicalOffset: 100 }
      expect(open().windows.claim('p', 1, clock.now())).toEqual({ kind: 'stored', place })
    },
  )

  test('tell the queue that a message which waits was sent to', () => {
    const { clock, open } = setUp()
    const log = open()
    log.apply(record(1, 100, timerTopic, 'REAL_TOPIC\u0001t\u0002REAL_QID\u00015\u0002'))
    log.apply(record(2, 200, timerTopic, 'REAL_TOPIC\u0001t\u0002REAL_QID\u00014294967295\u0002'))
    const queueIds = [1, 2].map((sequence) => {
      const claim = log.windows.claim('p', sequence, clock.now())
      return claim.kind === 'stored' ? claim.place.queueId : undefined
    })
    expect(queueIds).toEqual([5, 1])
  })

  test('are in the file when the broker has stopped, unless that cannot be written', () => {
    const { disk, open } = setUp()
    const log = open()
    log.apply(record(1, 100))
    expect(log.syncNow()).toBe(true)
    log.apply(record(2, 200))
    disk.failPowerAt(1)
    expect(log.syncNow()).toBe(false)
    expect(() => log.close()).not.toThrow()
  })

  test.each(['', 'null', '[]', '{}', '{"savedMs":1,"producers":{}}', '{"savedMs":1,"producers":[["p",1,2]]}'])(
    'are refused when the file holds something else: %s',
    (text) => {
      const { open } = setUp(text)
      expect(open).toThrow(/producerSequences.json/)
    },
  )
})
