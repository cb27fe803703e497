import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, newSubscriptionGroupConfig, ProtocolError } from '@rocketmq-ts/protocol'
import type { ReadResult } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { type PullParts, pullMessage } from '../../src/reading/handlers/pull-message.ts'
import { LongPolling } from '../../src/reading/long-polling.ts'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { ask } from '../call-kit.ts'
import { FakeLink } from '../clients/fake-link.ts'

const nothing: ReadResult = {
  status: 'NO_MATCHED_MESSAGE',
  nextQueueOffset: 7,
  minOffset: 0,
  maxOffset: 7,
  parts: [],
  count: 0,
  byteCount: 0,
  behindBytes: 0,
}

function partsWith(read: () => Promise<ReadResult> | ReadResult): PullParts {
  const parts: Partial<PullParts> = {
    lane: 'pull',
    clock: new SteppedClock(),
    coldReadLimits: { isLimited: () => false, whenCountedAnew: () => true, note() {} },
    store: {
      readAtOnce() {
        const result = read()
        return result instanceof Promise ? undefined : result
      },
      read,
      minOffset: () => 0,
      maxOffset: () => 7,
    },
    topics: { get: () => ({ perm: 6, readQueueNums: 1, topicSysFlag: 0 }) as ReturnType<PullParts['topics']['get']> },
    groups: { find: (group) => newSubscriptionGroupConfig(group), isReadForbidden: () => false },
    consumers: { subscriptionsOf: () => undefined },
    offsets: { checkRoom() {}, commit() {}, takeReset: () => undefined, pulled() {} },
    longPolling: new LongPolling(new SteppedClock(), 10),
    pacedReads: new PacedReads({ perConnectionMax: 10, crowdedFrom: 1000, perConnectionMaxWhenCrowded: 1 }),
    accessVersion: () => 0,
    brokerPermission: () => 6,
    settings: () =>
      ({ longPollingEnable: true, maxTransferCountOnMessageInMemory: 32 }) as ReturnType<PullParts['settings']>,
    onFound() {},
    onMissed() {},
  }
  return parts as PullParts
}

const header = commands.pullMessage.requestCodec.decode({
  ...{ consumerGroup: 'G', topic: 'T', queueId: '0', queueOffset: '7', maxMsgNums: '1' },
  ...{ sysFlag: '6', suspendTimeoutMillis: '15000', subscription: '*' },
})

test.each([
  ['is held', false, 1],
  ['is not held when its connection has ended meanwhile', true, 0],
])('a pull that finds nothing in the files %s', async (_, hasEnded, held) => {
  const link = new FakeLink()
  const reading = Promise.withResolvers<ReadResult>()
  const parts = partsWith(() => reading.promise)
  void ask(pullMessage(parts), header, { link })
  link.isClosed = hasEnded
  reading.resolve({ ...nothing, status: 'OFFSET_OVERFLOW_ONE' })
  await expect.poll(() => parts.pacedReads.underWay).toBe(0)
  expect(parts.longPolling.count).toBe(held)
})

test('pulls that are held for a connection that takes no answers are answered when it does, with what there is then', async () => {
  const link = new FakeLink()
  let result: ReadResult = { ...nothing, status: 'OFFSET_OVERFLOW_ONE' }
  let reads = 0
  const parts = partsWith(() => {
    reads++
    return result
  })
  const answers = [0, 1].map(() => ask(pullMessage(parts), header, { link }))
  expect([parts.longPolling.count, reads]).toEqual([2, 2])
  link.pauseAnswers()
  const body = Buffer.from('a message')
  result = { ...nothing, status: 'FOUND', nextQueueOffset: 8, maxOffset: 8, parts: [body], count: 1, byteCount: 9 }
  parts.longPolling.arrived('T', 0)
  parts.longPolling.arrived('T', 0)
  expect([parts.longPolling.count, reads]).toEqual([2, 2])
  link.takeAnswers()
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ code: 0, body })
  expect([parts.longPolling.count, reads]).toEqual([0, 4])
})

test('a pull whose time passes while its connection takes no answers is told once that there is nothing', async () => {
  const link = new FakeLink()
  let result: ReadResult = { ...nothing, status: 'OFFSET_OVERFLOW_ONE' }
  let found = 0
  const parts = { ...partsWith(() => result), onFound: () => found++ }
  const answer = ask(pullMessage(parts), header, { link })
  link.pauseAnswers()
  result = { ...nothing, status: 'FOUND', nextQueueOffset: 8, maxOffset: 8, parts: [Buffer.from('x')], count: 1 }
  parts.longPolling.arrived('T', 0)
  parts.longPolling.giveUp('T')
  link.takeAnswers()
  expect(await answer).toMatchObject({ code: 19 })
  expect([parts.longPolling.count, found]).toEqual([0, 0])
})

test.each([
  ['at once', false],
  ['when their connection takes answers again', true],
])('a pull whose read fails is answered so, and the others that wait get their messages %s', async (_, isPaused) => {
  const link = new FakeLink()
  let result: ReadResult = { ...nothing, status: 'OFFSET_OVERFLOW_ONE' }
  let failures = 0
  const parts = partsWith(() => {
    if (result.status === 'FOUND' && failures++ === 0) throw new ProtocolError('SYSTEM_ERROR', 'a damaged record')
    return result
  })
  const [broken, whole] = [0, 1].map(() => ask(pullMessage(parts), header, { link }))
  if (isPaused) link.pauseAnswers()
  const body = Buffer.from('a message')
  result = { ...nothing, status: 'FOUND', nextQueueOffset: 8, maxOffset: 8, parts: [body], count: 1, byteCount: 9 }
  parts.longPolling.arrived('T', 0)
  link.takeAnswers()
  expect(await broken).toMatchObject({ code: 1, remark: 'a damaged record' })
  expect(await whole).toMatchObject({ code: 0, body })
  await expect.poll(() => parts.longPolling.count).toBe(0)
})

const found: ReadResult = {
  ...nothing,
  ...{ status: 'FOUND', nextQueueOffset: 8, maxOffset: 8, parts: [Buffer.from('x')], count: 1 },
}

/** A broker whose group may not read a topic any more from a moment on. */
function forbidding(read: () => Promise<ReadResult> | ReadResult) {
  let isForbidden = false
  const parts = partsWith(read)
  parts.groups.isReadForbidden = () => isForbidden
  const forbid = () => {
    isForbidden = true
  }
  return { parts: { ...parts, accessVersion: () => (isForbidden ? 1 : 0) }, forbid }
}

test('a pull whose group may not read any more when the files are read gets nothing of them', async () => {
  const reading = Promise.withResolvers<ReadResult>()
  const { parts, forbid } = forbidding(() => reading.promise)
  const answer = ask(pullMessage(parts), header)
  forbid()
  reading.resolve(found)
  expect(await answer).toMatchObject({ code: 16 })
})

test('a pull that waited since its group read too many old messages gets none when it may not read any more', async () => {
  const { parts, forbid } = forbidding(() => Promise.resolve(found))
  let goOn = () => {}
  const whenCountedAnew = (callback: () => void) => {
    goOn = callback
    return true
  }
  parts.coldReadLimits = { isLimited: () => true, whenCountedAnew, note() {} }
  const answer = ask(pullMessage(parts), header)
  forbid()
  goOn()
  expect(await answer).toMatchObject({ code: 16 })
})

test('a pull that was held gets nothing of files when its group may not read any more once they are read', async () => {
  let result: ReadResult | Promise<ReadResult> = { ...nothing, status: 'OFFSET_OVERFLOW_ONE' }
  const { parts, forbid } = forbidding(() => result)
  const answer = ask(pullMessage(parts), header)
  const reading = Promise.withResolvers<ReadResult>()
  result = reading.promise
  parts.longPolling.arrived('T', 0)
  forbid()
  reading.resolve(found)
  expect(await answer).toMatchObject({ code: 16 })
})
