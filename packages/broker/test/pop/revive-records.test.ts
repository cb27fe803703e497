import { encodeHost, popAckBody, popCheckpointBody } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ackRecord, checkpointRecord } from '../../src/pop/revive-records.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('orders', '订单', '"\\\u0007'))
const natural = fc.nat({ max: Number.MAX_SAFE_INTEGER - 100 })
const name = fc.record({
  topic: text,
  group: text,
  queueId: fc.nat(),
  startOffset: natural,
  popTime: natural,
  invisibleTime: fc.nat(),
  reviveQueueId: fc.nat(7),
})
const parts = {
  ...{ reviveTopic: 'rmq_sys_REVIVE_LOG_C', brokerName: 'broker-"a', storeHost: encodeHost('127.0.0.1', 1) },
  ...{ epoch: () => 'now', logEnd: () => 1000 },
}

test('the body of a checkpoint is what its fields are written as one by one', () => {
  const distances = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 32 })
  fc.assert(
    fc.property(name, distances, fc.boolean(), (one, places, isSuspended) => {
      const offsets = places.sort((left, right) => left - right).map((place) => one.startOffset + place)
      const { body, queueId } = checkpointRecord({ ...one, offsets, isSuspended }, parts, 5)
      const { topic: t, group: c, queueId: q, startOffset: so, popTime: pt, invisibleTime: it } = one
      const fields = {
        bm: 0,
        bn: parts.brokerName,
        c,
        d: places,
        it,
        n: places.length,
        pt,
        q,
        ro: 0,
        so,
        sp: isSuspended,
      }
      expect(body).toEqual(popCheckpointBody.encode({ ...fields, t }))
      expect(queueId).toBe(one.reviveQueueId)
    }),
  )
})

test('the body of an acknowledgement is what its fields are written as one by one', () => {
  fc.assert(
    fc.property(name, fc.nat(40), (one, place) => {
      const offset = one.startOffset + place
      const { body } = ackRecord({ ...one, offsets: [offset] }, parts, 5)
      const { topic: t, group: c, queueId: q, startOffset: so, popTime: pt } = one
      expect(body).toEqual(popAckBody.encode({ ao: offset, bn: parts.brokerName, c, pt, q, so, t }))
    }),
  )
})
