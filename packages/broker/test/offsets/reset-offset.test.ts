import { silentLog } from '@rocketmq-ts/platform'
import { newSubscriptionGroupConfig, newTopicConfig, resetOffsetBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { invokeBrokerToResetOffset } from '../../src/offsets/handlers/invoke-broker-to-reset-offset.ts'
import { ask } from '../call-kit.ts'

interface Asked {
  queueId?: number
  offset?: number
  timestamp?: number | undefined
}

/** Two queues with the offsets 10 to 13; a time is an offset here. */
async function reset(asked: Asked) {
  const kept: [queueId: number, offset: number][] = []
  const handler = invokeBrokerToResetOffset({
    log: silentLog,
    brokerName: 'broker-a',
    topics: { get: (topic) => (topic === 'T' ? newTopicConfig('T', { readQueueNums: 2 }) : undefined) },
    groups: { get: (group) => (group === 'G' ? newSubscriptionGroupConfig('G') : undefined) },
    consumers: { get: () => undefined },
    offsets: {
      reset: (_group, _topic, queueId, offset) => void kept.push([queueId, offset]),
      checkRoom() {},
      async written() {},
    },
    store: {
      minOffset: () => 10,
      maxOffset: () => 13,
      offsetByTime: (_topic, _queueId, timestamp) => timestamp,
      storeTimestamp: () => undefined,
    },
    settings: () => ({ useServerSideResetOffset: true }),
  })
  const header = { group: 'G', topic: 'T', queueId: -1, timestamp: -1, isForce: true, ...asked }
  const { code, remark, body } = await ask(handler, header)
  const told =
    code === 0 ? resetOffsetBody.decode(body).offsetTable.map(([{ queueId }, offset]) => [queueId, offset]) : remark
  return { code, kept, told }
}

describe('offsets of a group', () => {
  test.each<[Asked, [number, number][]]>([
    [
      { timestamp: -1 },
      [
        [0, 13],
        [1, 13],
      ],
    ],
    [
      { timestamp: -2 },
      [
        [0, 13],
        [1, 13],
      ],
    ],
    [
      { timestamp: 11 },
      [
        [0, 11],
        [1, 11],
      ],
    ],
    [
      { timestamp: 11, offset: 12 },
      [
        [0, 11],
        [1, 11],
      ],
    ],
    [
      { timestamp: 11, offset: -3 },
      [
        [0, 11],
        [1, 11],
      ],
    ],
    [{ queueId: 0, timestamp: 11 }, [[0, 11]]],
    [{ queueId: 0, timestamp: 11, offset: -1 }, [[0, 11]]],
    [{ queueId: 0, timestamp: -1, offset: -1 }, [[0, 13]]],
    [{ queueId: 0, offset: 10 }, [[0, 10]]],
    [{ queueId: 1, offset: 13 }, [[1, 13]]],
    [{ queueId: 1, offset: 12, timestamp: undefined }, [[1, 12]]],
  ])('are reset by %j', async (asked, offsets) => {
    expect(await reset(asked)).toEqual({ code: 0, kept: offsets, told: offsets })
  })

  test.each([-2, -3, Number.MIN_SAFE_INTEGER, 9, 14, Number.MAX_SAFE_INTEGER])(
    'stay when the queue has no offset %d',
    async (offset) => {
      const refusal = { code: 1, kept: [], told: `Target offset ${offset} not in consume queue range [10-13]` }
      expect(await reset({ queueId: 0, offset })).toEqual(refusal)
      expect(await reset({ queueId: 0, offset, timestamp: 11 })).toEqual(refusal)
    },
  )

  test('stay when neither an offset nor a time is given, or the queue is none', async () => {
    expect(await reset({ timestamp: undefined })).toMatchObject({ code: 29, kept: [] })
    expect(await reset({ queueId: 0, offset: -1, timestamp: undefined })).toMatchObject({ code: 29, kept: [] })
    expect(await reset({ queueId: 2, offset: 10 })).toMatchObject({ code: 29, kept: [] })
  })
})
