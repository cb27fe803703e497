import { describe, expect, test } from 'vitest'
import { Deadline } from '../../src/calls/deadline.ts'
import type { OutgoingMessage } from '../../src/messages/outgoing-message.ts'
import { sendTogether } from '../../src/producer/send-together.ts'

const queue = { topic: 'T', broker: 'b', queueId: 0 }

function message(name: string, extra: Partial<OutgoingMessage>): OutgoingMessage {
  const common = { topic: 'T', propertiesText: '', sysFlag: 0, flag: 0, shardingKey: undefined, queue: undefined }
  const none = { liteTopic: undefined }
  return { ...common, ...none, uniqueId: name, body: Buffer.alloc(0), isBatchable: true, waitForStore: true, ...extra }
}

/** The requests of each lane, in the order in which their answers came: the first one is answered last of all. */
async function requestsOf(messages: readonly OutgoingMessage[]): Promise<string[][]> {
  const requests: string[][] = []
  const clock = { monotonic: () => 0, after: () => () => {} }
  const first = Promise.withResolvers<void>()
  const sender = {
    async send(sent: readonly OutgoingMessage[]) {
      if (sent[0] === messages[0]) await first.promise
      requests.push(sent.map(({ uniqueId }) => uniqueId))
      return sent.map(() => ({}) as never)
    },
  }
  const sending = sendTogether(messages, sender, new Deadline(clock, {}, 1000))
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  first.resolve()
  await sending
  return requests
}

describe('several messages', () => {
  test('for one queue keep their order, whatever sharding keys they have', async () => {
    const messages = ['a', 'b', 'a', 'b'].map((shardingKey, n) =>
      message(`${n}`, { queue, shardingKey, isBatchable: n !== 0 }),
    )
    expect(await requestsOf(messages)).toEqual([['0'], ['1', '2', '3']])
  })

  test('for one queue keep their order, whether or not they wait for the disk', async () => {
    const messages = [true, false, false, true].map((waitForStore, n) => message(`${n}`, { queue, waitForStore }))
    expect(await requestsOf(messages)).toEqual([['0'], ['1', '2'], ['3']])
  })

  test('whose queues are chosen by functions keep their order', async () => {
    const messages = ['a', 'b', 'a'].map((shardingKey, n) => message(`${n}`, { queue: () => queue, shardingKey }))
    expect(await requestsOf(messages)).toEqual([['0'], ['1'], ['2']])
  })

  test('of different sharding keys, or for different queues, do not wait for each other', async () => {
    const keyed = ['a', 'b', 'a'].map((shardingKey, n) => message(`${n}`, { shardingKey }))
    expect(await requestsOf(keyed)).toEqual([['1'], ['0', '2']])
    const placed = [0, 1, 0].map((queueId, n) => message(`${n}`, { queue: { ...queue, queueId } }))
    expect(await requestsOf(placed)).toEqual([['1'], ['0', '2']])
  })
})
