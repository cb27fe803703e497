import { BoundedLog, silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  commands,
  type LogicQueueMappingItem,
  type RemotingCommand,
  responseCodes,
  type TopicQueueMappingDetail,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { LongPolling } from '../../src/reading/long-polling.ts'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { ForwardedCommits } from '../../src/static-topics/forwarded-commits.ts'
import { ItemCalls } from '../../src/static-topics/item-calls.ts'
import { RedirectedPulls } from '../../src/static-topics/redirected-pulls.ts'
import { StaticTopic } from '../../src/static-topics/static-topic.ts'
import { type Asked, ask } from '../call-kit.ts'
import { FakeLink, response } from '../clients/fake-link.ts'

const bodyBytes = 100_000

function item(gen: number, bname: string, logicOffset: number): LogicQueueMappingItem {
  return { gen, queueId: 0, bname, logicOffset, startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
}

interface OpenOptions {
  readonly readsMax?: number
  readonly heldMax?: number
}

/** The broker `here` leads the queues 0 and 1, whose first parts are at `old` and at `other`. */
function open({ readsMax = 100, heldMax = 100 }: OpenOptions = {}) {
  const clock = new SteppedClock()
  const detail: TopicQueueMappingDetail = {
    ...{ topic: 'T', scope: '__global__', totalQueues: 2, bname: 'here', epoch: 1, dirty: false },
    currIdMap: new Map(),
    hostedQueues: new Map([
      [0, [item(0, 'old', 0), item(1, 'here', -1)]],
      [1, [item(0, 'other', 0), { ...item(1, 'here', -1), queueId: 1 }]],
    ]),
  }
  const topic = new StaticTopic(detail, 'here')
  const asked: { address: string; done: PromiseWithResolvers<RemotingCommand> }[] = []
  const doubted: string[] = []
  const pacedReads = new PacedReads({ perConnectionMax: readsMax, crowdedFrom: 1000, perConnectionMaxWhenCrowded: 1 })
  const longPolling = new LongPolling(clock, heldMax)
  const itemCalls = new ItemCalls({
    masterAddress: async (_topic, brokerName) => brokerName,
    doubtMaster: (_topic, _brokerName, address) => doubted.push(address),
    reads: pacedReads,
    timeoutMs: () => 3000,
    calls: {
      call(address) {
        const done = Promise.withResolvers<RemotingCommand>()
        asked.push({ address, done })
        return done.promise
      },
    },
  })
  const pulls = new RedirectedPulls({
    ...{ itemCalls, longPolling },
    log: new BoundedLog(silentLog, clock),
    mappings: { isEmpty: false, get: () => topic },
    commits: new ForwardedCommits({ itemCalls, reads: pacedReads }),
    offsets: { commit() {}, isResetPending: () => false },
    check: (_header, connection) => pacedReads.check(connection),
  })
  const handler = pulls.redirected('pull', () => {
    throw new Error('a pull of a queue of this broker')
  })
  const pull = (link: FakeLink, changes: Record<string, string> = {}): Promise<Asked> => {
    const header = commands.pullMessage.requestCodec.decode({
      ...{ consumerGroup: 'G', topic: 'T', queueId: '0', queueOffset: '7', maxMsgNums: '1' },
      ...{ sysFlag: '6', suspendTimeoutMillis: '15000', subscription: '*' },
      ...changes,
    })
    return ask(handler, header, { link })
  }
  return { clock, asked, doubted, pacedReads, longPolling, pull }
}

const position = { suggestWhichBrokerId: '0', minOffset: '0', maxOffset: '100' }
const found = (): RemotingCommand =>
  response({ extFields: { ...position, nextBeginOffset: '8' }, body: Buffer.alloc(bodyBytes) })
const notFound = (): RemotingCommand =>
  response({
    code: responseCodes.PULL_NOT_FOUND.code,
    extFields: { ...position, nextBeginOffset: '7', maxOffset: '7' },
  })

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a client that takes no answers lets no more than four be asked of another broker, and those are let go of', async () => {
  const { asked, pull } = open()
  const link = new FakeLink()
  const pulled = Array.from({ length: 20 }, () => pull(link))
  await turn()
  expect(asked).toHaveLength(4)
  link.pauseAnswers()
  for (const { done } of asked) done.resolve(found())
  await turn()
  expect(asked).toHaveLength(4)
  link.takeAnswers()
  for (let index = 4; index < 24; index++) {
    await expect.poll(() => asked.length).toBeGreaterThan(index)
    asked[index]!.done.resolve(found())
  }
  for (const { code, body } of await Promise.all(pulled)) expect([code, body.length]).toEqual([0, bodyBytes])
  expect(asked).toHaveLength(24)
})

test('pulls of one connection that wait for other brokers are bounded, and those of others are not', async () => {
  const { pull } = open({ readsMax: 5 })
  const link = new FakeLink()
  for (let count = 0; count < 5; count++) void pull(link)
  const refused = await pull(link)
  expect(refused.code).toBe(responseCodes.SYSTEM_BUSY.code)
  expect(refused.remark).toMatch(/TOO_MANY_READS/)
  const other = pull(new FakeLink())
  await expect(Promise.race([other, turn()])).resolves.toBeUndefined()
})

test('a broker that cannot be asked does not hold up pulls of others, nor is it tried by each that waits', async () => {
  const { asked, doubted, pull } = open()
  const link = new FakeLink()
  const ofOld = Array.from({ length: 10 }, () => pull(link))
  const ofOther = pull(link, { queueId: '1' })
  await turn()
  expect(asked.map(({ address }) => address)).toEqual(['old', 'old', 'old', 'old', 'other'])
  asked[4]!.done.resolve(found())
  expect((await ofOther).code).toBe(0)
  for (const { done } of asked.slice(0, 4)) done.reject(new Error('no answer'))
  for (const { code, remark } of await Promise.all(ofOld)) {
    expect(code).toBe(responseCodes.SYSTEM_ERROR.code)
    expect(remark).toMatch(/the broker old .* cannot be asked: no answer/)
  }
  expect(asked).toHaveLength(5)
  expect(doubted).toEqual(['old', 'old', 'old', 'old'])
  // The next one tries again.
  const later = pull(link)
  await turn()
  asked[5]!.done.resolve(found())
  expect((await later).code).toBe(0)
})

test('a pull whose connection ends while it waits for its turn asks nobody', async () => {
  const { asked, pull, pacedReads } = open()
  const link = new FakeLink()
  const pulled = Array.from({ length: 6 }, () => pull(link))
  await turn()
  link.destroy()
  for (const { done } of asked) done.resolve(found())
  await Promise.all(pulled)
  expect(asked).toHaveLength(4)
  expect(pacedReads.underWay).toBe(0)
})

test('a pull at the end of a part waits for a moment, at most as long as it may', async () => {
  const { clock, asked, longPolling, pull } = open()
  for (const [suspendTimeoutMillis, waitMs] of [
    ['15000', 500],
    ['100', 100],
  ] as const) {
    const pulled = pull(new FakeLink(), { suspendTimeoutMillis })
    await turn()
    asked.at(-1)!.done.resolve(notFound())
    await expect.poll(() => longPolling.countIn('pull')).toBe(1)
    clock.advance(waitMs - 1)
    expect(longPolling.countIn('pull')).toBe(1)
    clock.advance(1)
    expect((await pulled).code).toBe(responseCodes.PULL_NOT_FOUND.code)
  }
})

test('pulls of one connection at the ends of parts are bounded', async () => {
  const { asked, longPolling, pull } = open({ heldMax: 2 })
  const link = new FakeLink()
  const pulled = [pull(link), pull(link), pull(link)]
  await turn()
  for (const { done } of asked) done.resolve(notFound())
  const refused = await Promise.race(pulled)
  expect(refused.code).toBe(responseCodes.SYSTEM_BUSY.code)
  expect(refused.remark).toMatch(/TOO_MANY_PULLS/)
  expect(longPolling.count).toBe(2)
})

test.each<[string, (longPolling: LongPolling, link: FakeLink) => void]>([
  ['its connection ends', (longPolling, { id }) => longPolling.disconnected(id)],
  ['the queue goes on elsewhere', (longPolling) => longPolling.giveUp('T')],
  ['the broker stops', (longPolling) => longPolling.close()],
])('a pull at the end of a part waits no longer when %s', async (_, end) => {
  const { asked, longPolling, pull } = open()
  const link = new FakeLink()
  const pulled = pull(link)
  await turn()
  asked[0]!.done.resolve(notFound())
  await expect.poll(() => longPolling.count).toBe(1)
  end(longPolling, link)
  expect((await pulled).code).toBe(responseCodes.PULL_NOT_FOUND.code)
  expect(longPolling.count).toBe(0)
})

test('a pull at the end of a part is not held for a connection that has ended meanwhile', async () => {
  const { asked, longPolling, pull } = open()
  const link = new FakeLink()
  const pulled = pull(link)
  await turn()
  link.isClosed = true
  asked[0]!.done.resolve(notFound())
  await pulled
  expect(longPolling.count).toBe(0)
})
