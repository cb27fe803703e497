import type {
  Admin,
  GroupProgress,
  MemberConnection,
  NameServerView,
  QueueProgress,
  RocketMQError,
} from '@rocketmq-ts/client'
import { type AskedBroker, askBrokers, brokerNowMs } from '../commands/broker-status.ts'
import { isSystemGroup, serverNames, topicKind } from '../commands/system-names.ts'
import type { Session } from '../session.ts'

/** What doctor knows of a cluster, and judges by. */
export interface Facts {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly nowMs: number
  readonly nameServers: readonly NameServerView[]
  readonly brokers: readonly BrokerFacts[]
  readonly groups: readonly GroupFacts[]
  /** Topics of users that have messages. */
  readonly topics: readonly TopicFacts[]
  readonly deadLetters: readonly DeadLetterFacts[]
}

export interface BrokerFacts extends AskedBroker {
  /** How far its clock is ahead of this machine's; undefined when it does not tell. */
  readonly clockAheadMs: number | undefined
}

export interface GroupFacts {
  readonly group: string
  readonly connections: readonly MemberConnection[]
  /** What each member subscribes to, of those that tell. */
  readonly subscriptions: readonly { readonly clientId: string; readonly filters: Readonly<Record<string, string>> }[]
  /** How far it was at the first look, and at the last one. */
  readonly before: readonly QueueProgress[]
  readonly after: readonly QueueProgress[]
}

export interface TopicFacts {
  readonly topic: string
  readonly messages: number
  readonly groups: readonly string[]
}

export interface DeadLetterFacts {
  readonly group: string
  readonly letters: number
  readonly lastStoredMs: number | undefined
}

/** Of more topics without a group, or groups with members, only so many are asked about. */
const askedMax = 200
const memberTimeoutMs = 3000

/** @param waitMs between the two looks at how far groups are */
export async function gatherFacts(session: Session, waitMs: number): Promise<Facts> {
  const admin = await session.admin()
  const { signal } = session
  const nameServers = await admin.nameServers({ signal })
  const nowMs = session.host.now()
  const nothing = { nowMs, nameServers, brokers: [], groups: [], topics: [], deadLetters: [] }
  if (!nameServers.some(({ brokers }) => brokers !== undefined && brokers.length > 0)) return nothing
  const brokers = (await askBrokers(admin, signal)).map((broker) => withClock(broker, session.host.now()))
  // Groups and topics are told by brokers: one that does not answer would hold up each of the questions.
  if (brokers.some(({ status, id }) => status === undefined && id === 0)) return { ...nothing, brokers }
  const before = await admin.progressOfAll({ signal })
  const groupNames = (await admin.groups({ signal })).filter((group) => !isSystemGroup(group))
  const members = await membersOf(session, admin, groupNames.slice(0, askedMax))
  const { topics, deadLetters } = await topicFacts(session, admin, before, members)
  session.progress(`waiting ${waitMs} ms for groups to go on`)
  await session.host.pause(waitMs, signal)
  session.endProgress()
  const after = new Map((await admin.progressOfAll({ signal })).map(({ group, queues }) => [group, queues]))
  const earlier = new Map(before.map(({ group, queues }) => [group, queues]))
  const groups = groupNames.map((group) => ({
    group,
    connections: members.get(group)?.connections ?? [],
    subscriptions: members.get(group)?.subscriptions ?? [],
    before: earlier.get(group) ?? [],
    after: after.get(group) ?? [],
  }))
  return { nowMs, nameServers, brokers, groups, topics, deadLetters }
}

function withClock(broker: AskedBroker, nowMs: number): BrokerFacts {
  const theirs = broker.table === undefined ? undefined : brokerNowMs(broker.table)
  return { ...broker, clockAheadMs: theirs === undefined ? undefined : theirs - nowMs }
}

type Members = Pick<GroupFacts, 'connections' | 'subscriptions'> & { readonly topics: readonly string[] }

async function membersOf(session: Session, admin: Admin, groups: readonly string[]): Promise<Map<string, Members>> {
  const { signal } = session
  const found = new Map<string, Members>()
  for (const [index, group] of groups.entries()) {
    session.progress(`asking about group ${index + 1} of ${groups.length}`)
    const { members, connections, subscriptions } = await admin.describeGroup(group, { signal })
    const asked = await Promise.all(
      members.map(async ({ clientId }) => {
        const options = { signal, timeoutMs: memberTimeoutMs }
        const status = await admin.memberStatus(group, clientId, options).catch((_: RocketMQError) => undefined)
        return status === undefined ? [] : [{ clientId, filters: status.subscriptions }]
      }),
    )
    found.set(group, { connections, subscriptions: asked.flat(), topics: Object.keys(subscriptions) })
  }
  session.endProgress()
  return found
}

async function topicFacts(
  session: Session,
  admin: Admin,
  progress: readonly GroupProgress[],
  members: ReadonlyMap<string, Members>,
) {
  const { signal } = session
  const servers = serverNames(await admin.brokers({ signal }))
  const names = await admin.topics({ signal })
  const consumed = new Set([
    ...progress.flatMap(({ queues }) => queues.map(({ queue }) => queue.topic)),
    ...[...members.values()].flatMap(({ topics }) => topics),
  ])
  const unconsumed = names.filter((topic) => topicKind(topic, servers) === 'normal' && !consumed.has(topic))
  const topics: TopicFacts[] = []
  for (const topic of unconsumed.slice(0, askedMax)) {
    const { queues, groups } = await admin.describeTopic(topic, { signal })
    topics.push({
      topic,
      messages: queues.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0),
      groups,
    })
  }
  const deadLetters: DeadLetterFacts[] = []
  for (const topic of names.filter((name) => topicKind(name, servers) === 'dead letter').slice(0, askedMax)) {
    const { queues } = await admin.describeTopic(topic, { signal })
    const times = queues.flatMap(({ lastStoredTimestamp: at }) => (at === undefined ? [] : [at]))
    deadLetters.push({
      group: topic.slice('%DLQ%'.length),
      letters: queues.reduce((sum, { minOffset, maxOffset }) => sum + maxOffset - minOffset, 0),
      lastStoredMs: times.length === 0 ? undefined : Math.max(...times),
    })
  }
  return { topics, deadLetters }
}
