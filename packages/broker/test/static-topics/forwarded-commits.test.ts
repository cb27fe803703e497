import { type LogicQueueMappingItem, type RemotingCommand, responseCodes } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { PacedReads } from '../../src/reading/paced-reads.ts'
import { ForwardedCommits } from '../../src/static-topics/forwarded-commits.ts'
import { FakeLink, response } from '../clients/fake-link.ts'

const item: LogicQueueMappingItem = {
  ...{ gen: 0, queueId: 3, bname: 'broker-a', logicOffset: 0, startOffset: 0, endOffset: -1 },
  ...{ timeOfStart: -1, timeOfEnd: -1 },
}
const place = { consumerGroup: 'G', topic: 'T' }

/** The other broker answers when the test says so. */
function open(perConnectionMax = 10) {
  const sent: { offset: number; done: PromiseWithResolvers<RemotingCommand> }[] = []
  const commits = new ForwardedCommits({
    reads: new PacedReads({ perConnectionMax, crowdedFrom: 1000, perConnectionMaxWhenCrowded: 1 }),
    itemCalls: {
      send(_item, _command, header) {
        const done = Promise.withResolvers<RemotingCommand>()
        sent.push({ offset: (header as unknown as { commitOffset: number }).commitOffset, done })
        return done.promise
      },
    },
  })
  return { commits, sent, offsets: () => sent.map(({ offset }) => offset) }
}

test('one of a group and a queue is on its way at a time, and the newest of those that came meanwhile follows it', async () => {
  const { commits, sent, offsets } = open()
  const link = new FakeLink()
  const first = commits.commit(link, place, item, 10)
  const later = [20, 30, 25].map((offset) => commits.commit(link, place, item, offset))
  void commits.commit(link, { ...place, consumerGroup: 'other' }, item, 1)
  void commits.commit(link, place, { ...item, queueId: 4 }, 2)
  expect(offsets()).toEqual([10, 1, 2])
  sent[0]!.done.resolve(response())
  expect((await first).code).toBe(responseCodes.SUCCESS.code)
  await expect.poll(offsets).toEqual([10, 1, 2, 25])
  sent[3]!.done.resolve(response({ code: responseCodes.TOPIC_NOT_EXIST.code }))
  for (const one of later) expect((await one).code).toBe(responseCodes.TOPIC_NOT_EXIST.code)
  void commits.commit(link, place, item, 40)
  expect(offsets().at(-1)).toBe(40)
})

test('what came meanwhile is sent although the one before it failed', async () => {
  const { commits, sent, offsets } = open()
  const link = new FakeLink()
  const first = commits.commit(link, place, item, 10)
  const second = commits.commit(link, place, item, 20)
  sent[0]!.done.reject(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  await expect.poll(offsets).toEqual([10, 20])
  sent[1]!.done.resolve(response())
  await second
})

test('they are sent although their connection has ended', async () => {
  const { commits, sent, offsets } = open()
  const link = new FakeLink()
  void commits.commit(link, place, item, 10)
  void commits.commit(link, place, item, 20)
  link.destroy()
  sent[0]!.done.resolve(response())
  await expect.poll(offsets).toEqual([10, 20])
})

test('those of a connection that are on their way are bounded, and those of others are not', async () => {
  const { commits, sent } = open(2)
  const link = new FakeLink()
  const queue = (queueId: number) => ({ ...item, queueId })
  void commits.commit(link, place, queue(0), 1)
  void commits.commit(link, place, queue(1), 1)
  await expect(commits.commit(link, place, queue(2), 1)).rejects.toMatchObject({ responseCode: 'SYSTEM_BUSY' })
  void commits.commit(new FakeLink(), place, queue(2), 1)
  expect(sent).toHaveLength(3)
  sent[0]!.done.resolve(response())
  await new Promise((resolve) => setImmediate(resolve))
  void commits.commit(link, place, queue(3), 1)
  expect(sent).toHaveLength(4)
})
