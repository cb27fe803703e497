import type { Cluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { type Mqadmin, type SentMessage, startMqadmin } from './mqadmin.ts'

/** A cluster of two brokers in a known state, with a producer and a consumer that stay connected. */
export interface Prepared {
  cluster: Cluster
  admin: Mqadmin
  /** Of the consumer that stays connected. */
  clientId: string
  /** By the message's key. */
  ids: Map<string, { offsetId: string; uniqueId: string }>
}

export const topic = 'CompareTopic'
export const group = 'compare-group'
export const idleGroup = 'idle-group'

/** Twelve messages for the queues 0 to 2 of both brokers; queue 3 stays empty. */
export const messages: SentMessage[] = Array.from({ length: 12 }, (_, number) => ({
  topic,
  brokerName: number % 2 === 0 ? 'broker-a' : 'broker-b',
  queueId: Math.floor(number / 2) % 3,
  tag: ['TagA', 'TagB', 'TagC'][number % 3] ?? '',
  key: `key-${number}`,
  body: `body ${number}`,
}))

/** Brings a fresh cluster of two brokers into the state that the commands are compared in. */
export async function prepare(cluster: Cluster): Promise<Prepared> {
  const admin = await startMqadmin(cluster)
  await admin.run('updateTopic', '-t', topic, '-c', 'DefaultCluster', '-r', '4', '-w', '4')
  await admin.run('updateTopic', '-t', 'ReadOnlyTopic', '-c', 'DefaultCluster', '-r', '3', '-w', '2', '-p', '4')
  for (const name of [group, idleGroup]) {
    await admin.run('updateSubGroup', '-g', name, '-c', 'DefaultCluster')
    await joinOnce(admin, name)
  }
  const ids: Prepared['ids'] = new Map()
  for (const message of messages) ids.set(message.key, await admin.send(message))
  // One message of each broker comes a second time, so that the retry topic has a message and an offset in both.
  await admin.consume(group, topic, messages.length, ['key-0', 'key-1'])
  await admin.run('resetOffsetByTime', '-g', idleGroup, '-t', topic, '-s', '0')
  await pollUntil('the offsets of the group', async () => {
    const printed = await admin.run('consumerProgress', '-g', group)
    const settled = /Consume Diff Total: 0\b/.test(printed) && printed.match(/%RETRY%/g)?.length === 2
    return settled || { notYet: printed }
  })
  return { cluster, admin, clientId: await clientIdOf(admin, group), ids }
}

/** The id of the only member of a group. */
export async function clientIdOf(admin: Mqadmin, name: string): Promise<string> {
  const printed = await admin.run('consumerConnection', '-g', name)
  const clientId = /^#ClientId.*\n(\S+)/m.exec(printed)?.[1]
  if (clientId === undefined) throw new Error(`no member of ${name} in: ${printed}`)
  return clientId
}

/** A loaded machine can lose a heartbeat to one of the brokers; then the group has no retry topic there and joins again. */
async function joinOnce(admin: Mqadmin, name: string): Promise<void> {
  await pollUntil(`the retry topic of ${name} on both brokers`, async () => {
    await admin.join(name, topic)
    const route = await admin.run('topicRoute', '-t', `%RETRY%${name}`)
    return (route.includes('"broker-a"') && route.includes('"broker-b"')) || { notYet: route }
  })
}
