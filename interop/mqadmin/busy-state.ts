import { Admin, LiteSimpleConsumer, type Message, Producer } from '@rocketmq-ts/client'
import type { Cluster } from '../targets/cluster.ts'
import { type StartedMember, startMqadmin } from './mqadmin.ts'
import type { Prepared } from './state.ts'

/**
 * A cluster of two brokers with members of each kind that are behind, hold on to messages or have refused them, and with topics
 * of each kind.
 */
export interface BusyCluster extends Prepared {
  /** Ends the members and the producers. */
  close(): Promise<void>
}

/** Settings of the brokers. */
export const busySettings = {
  autoCreateTopicEnable: 'false',
  enablePropertyFilter: 'true',
  enableLmq: 'true',
  enableMultiDispatch: 'true',
  traceTopicEnable: 'true',
}

export const busyTopic = 'BusyTopic'
export const compactedTopic = 'CompactedTopic'
export const staticTopic = 'StaticTopic'
export const delayTopic = 'DelayTopic'
export const transactionTopic = 'TransactionTopic'
export const liteTopic = 'LiteTopic'
export const liteGroup = 'lite-group'

const messageCount = 12

/** Each gets all messages of the topic but for the tags that it does not want. */
export const members: StartedMember[] = [
  { kind: 'push', group: 'behind', topic: busyTopic, instance: 'behind', count: 8, held: ['busy-0', 'busy-3'] },
  { kind: 'orderly', group: 'in-order', topic: busyTopic, instance: 'in-order', count: messageCount },
  { kind: 'broadcast', group: 'broadcast', topic: busyTopic, instance: 'broadcast', count: messageCount },
  {
    kind: 'push',
    group: 'by-sql',
    topic: busyTopic,
    instance: 'by-sql',
    expression: "sql:colour = 'blue' AND TAGS = 'TagA'",
    count: 6,
  },
  { kind: 'push', group: 'by-tag', topic: busyTopic, instance: 'by-tag', expression: 'TagB', count: 6 },
  { kind: 'refuse', group: 'refusing', topic: busyTopic, instance: 'refusing', expression: 'TagA', count: 6 },
  { kind: 'pull', group: 'pulling', topic: busyTopic, instance: 'pulling', count: messageCount },
  { kind: 'lite-pull', group: 'lite-pulling', topic: busyTopic, instance: 'lite-pulling', count: messageCount },
  { kind: 'pop', group: 'popping', topic: busyTopic, instance: 'popping', count: messageCount, held: ['busy-1'] },
  { kind: 'push', group: 'differing', topic: busyTopic, instance: 'differing-1', expression: 'TagA', count: 1 },
  { kind: 'push', group: 'differing', topic: busyTopic, instance: 'differing-2', expression: 'TagB', count: 1 },
  { kind: 'push', group: 'compacting', topic: compactedTopic, instance: 'compacting', count: 2 },
  { kind: 'push', group: 'of-static', topic: staticTopic, instance: 'of-static', count: 4 },
]

export async function prepareBusy(cluster: Cluster): Promise<BusyCluster> {
  const tools = await startMqadmin(cluster)
  const { namesrvAddr: nameServers } = cluster
  await using admin = new Admin({ nameServers })
  await tools.run('updateTopic', '-t', busyTopic, '-c', 'DefaultCluster', '-r', '4', '-w', '4')
  for (const [topic, attributes] of [
    [compactedTopic, '+cleanup.policy=COMPACTION'],
    [delayTopic, '+message.type=DELAY'],
    [transactionTopic, '+message.type=TRANSACTION'],
    [liteTopic, '+message.type=LITE'],
  ] as const) {
    await tools.run('updateTopic', '-t', topic, '-c', 'DefaultCluster', '-r', '1', '-w', '1', '-a', attributes)
  }
  await tools.run('updateStaticTopic', '-t', staticTopic, '-qn', '4', '-b', 'broker-a')
  for (const name of new Set([...members.map(({ group }) => group), 'unused'])) {
    await tools.run('updateSubGroup', '-g', name, '-c', 'DefaultCluster', '-d', String(name === 'broadcast'))
  }
  await tools.run('setConsumeMode', '-t', busyTopic, '-g', 'popping', '-m', 'POP', '-c', 'DefaultCluster')
  await admin.createGroup(liteGroup, { lite: { topic: liteTopic } })

  const ids: Prepared['ids'] = new Map()
  for (let number = 0; number < messageCount; number++) {
    const sent = {
      topic: busyTopic,
      brokerName: number % 2 === 0 ? 'broker-a' : 'broker-b',
      queueId: Math.floor(number / 2) % 3,
      tag: number < messageCount / 2 ? 'TagA' : 'TagB',
      key: `busy-${number}`,
      body: `body ${number}`,
    }
    ids.set(sent.key, await tools.send(sent))
  }
  for (const [index, key] of ['one', 'two', 'one', 'two'].entries()) {
    const place = { topic: compactedTopic, brokerName: 'broker-a', queueId: 0, tag: 'TagA' }
    ids.set(`compacted-${index}`, await tools.send({ ...place, key, body: `value ${index}` }))
  }
  const producer = new Producer({ nameServers, group: 'busy-producers', checkTransaction: () => 'unknown' })
  const send = async (name: string, message: Omit<Message, 'body'>): Promise<void> => {
    const { messageId } = await producer.send({ ...message, body: `body of ${name}` })
    ids.set(name, { uniqueId: messageId, offsetId: '' })
  }
  for (let queueId = 0; queueId < 4; queueId++) {
    const queue = { topic: staticTopic, broker: 'broker-a', queueId }
    await send(`static-${queueId}`, { topic: staticTopic, keys: `static-${queueId}`, queue })
  }
  const queue = { broker: 'broker-a', queueId: 0 }
  await send('delayed', {
    topic: delayTopic,
    keys: 'delayed',
    delayMs: 3_600_000,
    queue: { topic: delayTopic, ...queue },
  })
  const lite = new LiteSimpleConsumer({
    waitMs: 30_000,
    nameServers,
    group: liteGroup,
    topic: liteTopic,
    liteTopics: ['room', 'void'],
  })
  await lite.start()
  for (const number of [0, 1]) {
    for (const name of ['room', 'hall']) {
      const lite = { topic: liteTopic, liteTopic: name, keys: `${name}-${number}` }
      await send(`${name}-${number}`, { ...lite, queue: { topic: liteTopic, ...queue } })
    }
  }
  const open = await producer.beginTransaction({
    topic: transactionTopic,
    body: 'half',
    keys: 'open',
    queue: { topic: transactionTopic, ...queue },
  })
  ids.set('open', { uniqueId: open.receipt.messageId, offsetId: '' })

  for (const member of members) await tools.member(member)
  const [first] = await lite.receive({ max: 1 })
  if (first === undefined) throw new Error('nothing of the lite topic')
  await lite.ack(first)
  return {
    cluster,
    admin: tools,
    clientId: lite.clientId,
    ids,
    close: async () => {
      await Promise.all([producer.close(), lite.close(), tools.close()])
    },
  }
}
