import {
  commands,
  type LogicQueueMappingItem,
  type RemotingCommand,
  type RequestOf,
  responseCodes,
  type TopicQueueMappingDetail,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { ForwardedCommits } from '../../src/static-topics/forwarded-commits.ts'
import { ItemCalls } from '../../src/static-topics/item-calls.ts'
import { type OffsetHandlers, redirectedOffsets } from '../../src/static-topics/redirected-offsets.ts'
import { StaticTopic } from '../../src/static-topics/static-topic.ts'
import { ask } from '../call-kit.ts'
import { FakeLink, response } from '../clients/fake-link.ts'

function item(gen: number, bname: string, logicOffset: number): LogicQueueMappingItem {
  return { gen, queueId: gen, bname, logicOffset, startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
}

/** The broker `here` leads queue 0, whose older parts are at `old` and at `other`. They answer when the test says so. */
function open(readsMax = 100) {
  const detail: TopicQueueMappingDetail = {
    ...{ topic: 'T', scope: '__global__', totalQueues: 1, bname: 'here', epoch: 1, dirty: false },
    currIdMap: new Map(),
    hostedQueues: new Map([[0, [item(0, 'old', 0), item(1, 'other', 1000), item(2, 'here', 2000)]]]),
  }
  const topic = new StaticTopic(detail, 'here')
  const asked: { address: string; code: number; done: PromiseWithResolvers<RemotingCommand> }[] = []
  const reads = new PacedReads({ perConnectionMax: readsMax, crowdedFrom: 1000, perConnectionMaxWhenCrowded: 1 })
  const itemCalls = new ItemCalls({
    masterAddress: async (_topic, brokerName) => brokerName,
    doubtMaster() {},
    reads,
    timeoutMs: () => 3000,
    calls: {
      call(address, { code }) {
        const done = Promise.withResolvers<RemotingCommand>()
        asked.push({ address, code, done })
        return done.promise
      },
    },
  })
  const handlers = redirectedOffsets({} as OffsetHandlers, {
    ...{ itemCalls, commits: new ForwardedCommits({ itemCalls, reads }) },
    mappings: { isEmpty: false, get: () => topic },
  })
  return { asked, reads, handlers }
}

const place = { topic: 'T', queueId: 0 }
const search = { ...place, timestamp: 7 } as RequestOf<typeof commands.searchOffsetByTimestamp>
const offset = (value: number) => response({ extFields: { offset: String(value) } })

test('a search by time asks no further broker once its connection has ended', async () => {
  const { asked, handlers } = open()
  const link = new FakeLink()
  const found = ask(handlers.searchOffsetByTimestamp, search, { link })
  await expect.poll(() => asked.length).toBe(1)
  link.destroy()
  asked[0]!.done.resolve(offset(0))
  expect((await found).code).toBe(responseCodes.SERVICE_NOT_AVAILABLE.code)
  expect(asked).toHaveLength(1)
})

test('requests of one connection that wait for other brokers are bounded, and those of others are not', async () => {
  const { asked, reads, handlers } = open(2)
  const link = new FakeLink()
  const first = [ask(handlers.getMinOffset, place, { link }), ask(handlers.getMinOffset, place, { link })]
  expect((await ask(handlers.getMinOffset, place, { link })).code).toBe(responseCodes.SYSTEM_BUSY.code)
  const other = ask(handlers.getMinOffset, place)
  await expect.poll(() => asked.length).toBe(3)
  for (const { done } of asked) done.resolve(offset(5))
  for (const answer of await Promise.all([...first, other])) expect(answer.header).toMatchObject({ offset: 5 })
  expect(reads.underWay).toBe(0)
})

test('commits of a group are sent one after the other though they came at once, and the last one counts', async () => {
  const { asked, handlers } = open()
  const link = new FakeLink()
  const commit = (commitOffset: number) =>
    ask(handlers.updateConsumerOffset, { ...place, consumerGroup: 'G', commitOffset }, { link })
  const answers = [commit(1001), commit(1002), commit(1003)]
  await expect.poll(() => asked.length).toBe(1)
  asked[0]!.done.resolve(response())
  await expect.poll(() => asked.length).toBe(2)
  asked[1]!.done.resolve(response())
  for (const { code } of await Promise.all(answers)) expect(code).toBe(0)
  expect(asked.map(({ address, code }) => [address, code])).toEqual(
    Array(2).fill(['other', commands.updateConsumerOffset.code]),
  )
})
