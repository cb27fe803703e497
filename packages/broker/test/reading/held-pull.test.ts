import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { commands, newSubscriptionGroupConfig } from '@rocketmq-ts/protocol'
import type { ReadResult } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { FileReads } from '../../src/reading/file-reads.ts'
import { type PullParts, pullMessage } from '../../src/reading/handlers/pull-message.ts'
import { LongPolling } from '../../src/reading/long-polling.ts'
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

function partsWith(read: () => Promise<ReadResult>): PullParts {
  const parts: Partial<PullParts> = {
    lane: 'pull',
    store: { read, minOffset: () => 0, maxOffset: () => 7 },
    topics: { get: () => ({ perm: 6, readQueueNums: 1, topicSysFlag: 0 }) as ReturnType<PullParts['topics']['get']> },
    groups: { find: (group) => newSubscriptionGroupConfig(group), isReadForbidden: () => false },
    consumers: { subscriptionsOf: () => undefined },
    offsets: { commit() {}, takeReset: () => undefined, pulled() {} },
    longPolling: new LongPolling(new SteppedClock(), 10),
    fileReads: new FileReads(10),
    brokerPermission: () => 6,
    settings: () =>
      ({ longPollingEnable: true, maxTransferCountOnMessageInMemory: 32 }) as ReturnType<PullParts['settings']>,
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
  await expect.poll(() => parts.fileReads.underWay).toBe(0)
  expect(parts.longPolling.count).toBe(held)
})
