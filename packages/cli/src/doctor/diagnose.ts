import type { NameServerView } from '@rocketmq-ts/client'
import { formatDuration } from '../values.ts'
import type { BrokerFacts, Facts, GroupFacts } from './facts.ts'

/** `error`: clients fail, or soon will. `warning`: somebody should look. */
export type Severity = 'error' | 'warning'

export interface Finding {
  readonly severity: Severity
  /** The kind of fault, for programs. */
  readonly fault: string
  /** What it is about: a broker, a group. */
  readonly subject: string
  readonly cause: string
  readonly advice: string
}

const minuteMs = 60_000
const clockAheadMsMax = 5000
const undoneMsMax = minuteMs
const recentLetterMs = 60 * minuteMs
const diskWarning = 0.75
const diskError = 0.9

type Check = (facts: Facts) => Finding[]

/** What is wrong, by what is known: what hinders most comes first. */
export function diagnose(facts: Facts): Finding[] {
  return checks.flatMap((check) => check(facts))
}

const checks: readonly Check[] = [
  nameServersThatAreGone,
  noBrokers,
  nameServersThatDisagree,
  brokersOfOneName,
  brokersAtOneAddress,
  unreachableBrokers,
  clockSkew,
  fullDisks,
  duplicateClientIds,
  subscriptionsThatDisagree,
  groupsWithoutMembers,
  groupsWithoutProgress,
  deadLettersThatGrow,
  topicsWithoutConsumers,
]

function nameServersThatAreGone({ nameServers }: Facts): Finding[] {
  return nameServers
    .filter(({ brokers }) => brokers === undefined)
    .map(({ address, error }) => ({
      severity: 'error',
      fault: 'name-server-unreachable',
      subject: address,
      cause: `the name server does not answer: ${error?.message ?? 'no reason is known'}`,
      advice:
        'start it (rocketmq namesrv), open its port in firewalls, or take its address out of NAMESRV_ADDR or the context',
    }))
}

function noBrokers({ nameServers }: Facts): Finding[] {
  return nameServers
    .filter(({ brokers }) => brokers?.length === 0)
    .map(({ address }) => ({
      severity: 'error',
      fault: 'no-brokers',
      subject: address,
      cause: 'no broker is registered at the name server',
      advice: `start a broker whose namesrvAddr has ${address}: rocketmq broker -n ${address}`,
    }))
}

/** What each name server knows, as `name id` to address. */
function addressesOf({ brokers = [] }: NameServerView): Map<string, string> {
  return new Map(
    brokers.flatMap(({ name, addresses }) => [...addresses].map(([id, address]) => [`${name} ${id}`, address])),
  )
}

function nameServersThatDisagree({ nameServers }: Facts): Finding[] {
  const [first, ...others] = nameServers.filter(({ brokers }) => brokers !== undefined && brokers.length > 0)
  if (first === undefined) return []
  const known = addressesOf(first)
  return others.flatMap((other) => {
    const theirs = addressesOf(other)
    const missing = [...known.keys()].filter((broker) => !theirs.has(broker))
    const added = [...theirs.keys()].filter((broker) => !known.has(broker))
    if (missing.length === 0 && added.length === 0) return []
    const parts = [
      ...(missing.length === 0 ? [] : [`${other.address} lacks ${missing.join(', ')}`]),
      ...(added.length === 0 ? [] : [`${first.address} lacks ${added.join(', ')}`]),
    ]
    return [
      {
        severity: 'error',
        fault: 'name-servers-disagree',
        subject: other.address,
        cause: `name servers know different brokers: ${parts.join('; ')}`,
        advice:
          'give all brokers the same namesrvAddr with all name servers in it, and see whether each reaches all of them',
      },
    ]
  })
}

function brokersOfOneName({ nameServers }: Facts): Finding[] {
  const addresses = new Map<string, Set<string>>()
  for (const view of nameServers) {
    for (const [broker, address] of addressesOf(view)) {
      addresses.set(broker, (addresses.get(broker) ?? new Set()).add(address))
    }
  }
  return [...addresses]
    .filter(([, at]) => at.size > 1)
    .map(([broker, at]) => ({
      severity: 'error',
      fault: 'brokers-of-one-name',
      subject: broker.split(' ')[0]!,
      cause: `several brokers have this name and the id ${broker.split(' ')[1]}: ${[...at].join(', ')}; each takes the other out of the routes`,
      advice: 'give each broker a brokerName of its own, or replicas of one another a brokerId of their own',
    }))
}

function brokersAtOneAddress({ brokers }: Facts): Finding[] {
  return [...Map.groupBy(brokers, ({ address }) => address)]
    .filter(([, at]) => at.length > 1)
    .map(([address, at]) => ({
      severity: 'error',
      fault: 'brokers-at-one-address',
      subject: address,
      cause: `${at.map(({ broker }) => broker).join(' and ')} tell clients the same address`,
      advice:
        'give each broker its own brokerIP1 or listenPort; an old name goes away 2 minutes after its broker was renamed',
    }))
}

function unreachableBrokers({ brokers, nameServers }: Facts): Finding[] {
  const isFar = nameServers.some(({ address }) => !isLoopback(address))
  return brokers
    .filter(({ status }) => status === undefined)
    .map(({ broker, address, error }) => ({
      severity: 'error',
      fault: 'broker-unreachable',
      subject: broker,
      cause: `clients are told ${address}, and nothing answers there: ${error?.message ?? 'no reason is known'}`,
      advice:
        isLoopback(address) && isFar
          ? 'set brokerIP1 of the broker to the address by which clients reach its machine: they take this one for their own'
          : 'see whether the broker runs, whether brokerIP1 and listenPort are reachable from here, and open the port in firewalls',
    }))
}

function isLoopback(address: string): boolean {
  return /^(127\.|localhost:|\[::1\])/.test(address)
}

function clockSkew({ brokers }: Facts): Finding[] {
  return brokers
    .filter(({ clockAheadMs = 0 }) => Math.abs(clockAheadMs) > clockAheadMsMax)
    .map(({ broker, clockAheadMs = 0 }) => ({
      severity: 'warning',
      fault: 'clock-skew',
      subject: broker,
      cause: `its clock is ${formatDuration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead of' : 'behind'} this machine's`,
      advice: 'let both machines follow the same time servers: delays, resets by time and retention go by these clocks',
    }))
}

function fullDisks({ brokers }: Facts): Finding[] {
  return brokers.flatMap(({ broker, status }: BrokerFacts): Finding[] => {
    const used = status?.diskUsed ?? 0
    if (used < diskWarning) return []
    return [
      {
        severity: used >= diskError ? 'error' : 'warning',
        fault: 'disk-full',
        subject: broker,
        cause: `the disk of its commit log is ${(used * 100).toFixed(0)} % full`,
        advice:
          used >= diskError
            ? 'free space now: a full disk refuses messages. Lower fileReservedTime (rocketmq config change), or give it a larger disk'
            : 'lower fileReservedTime (rocketmq config change), or give it a larger disk, before messages are refused',
      },
    ]
  })
}

function duplicateClientIds({ groups }: Facts): Finding[] {
  return groups.flatMap(({ group, connections }) => {
    const byClient = Map.groupBy(connections, ({ broker, clientId }) => `${broker} ${clientId}`)
    const doubled = [...byClient.values()].filter((same) => new Set(same.map(({ address }) => address)).size > 1)
    const ids = new Map(doubled.map((same) => [same[0]!.clientId, same.map(({ address }) => address)]))
    return [...ids].map(
      ([clientId, addresses]): Finding => ({
        severity: 'error',
        fault: 'duplicate-client-id',
        subject: `${group} ${clientId}`,
        cause: `members at ${addresses.join(' and ')} have the same client id: they consume the same queues, and leave others alone`,
        advice:
          'give each client an id of its own: an instanceName for each in a process, and no fixed clientIP or process id in containers',
      }),
    )
  })
}

function subscriptionsThatDisagree({ groups }: Facts): Finding[] {
  return groups.flatMap(({ group, subscriptions }): Finding[] => {
    const [first, ...others] = subscriptions
    const odd = others.find(({ filters }) => told(filters) !== told(first!.filters))
    if (first === undefined || odd === undefined) return []
    return [
      {
        severity: 'error',
        fault: 'subscriptions-disagree',
        subject: group,
        cause: `its members subscribe to different messages: ${first.clientId} to ${told(first.filters)}, ${odd.clientId} to ${told(odd.filters)}; messages are lost between them`,
        advice: 'let all members of a group subscribe alike, or give those that differ a group of their own',
      },
    ]
  })
}

/** The group's own retry topic is everybody's. */
function told(filters: Readonly<Record<string, string>>): string {
  return Object.entries(filters)
    .filter(([topic]) => !topic.startsWith('%RETRY%'))
    .map(
      ([topic, filter]) =>
        `${topic} (${filter
          .split('||')
          .map((tag) => tag.trim())
          .sort()
          .join(' || ')})`,
    )
    .sort()
    .join(', ')
}

function lagOf({ after }: GroupFacts): number {
  return after.reduce((sum, { lag }) => sum + lag, 0)
}

function groupsWithoutMembers({ groups }: Facts): Finding[] {
  return groups
    .filter((group) => group.connections.length === 0 && lagOf(group) > 0)
    .map((group) => ({
      severity: 'warning',
      fault: 'group-without-members',
      subject: group.group,
      cause: `${lagOf(group)} messages wait for it, and no member is connected`,
      advice: `start its consumers; a group that is not needed any more goes by rocketmq group delete ${group.group}`,
    }))
}

function groupsWithoutProgress({ groups, nowMs }: Facts): Finding[] {
  return groups.flatMap(({ group, connections, before, after }): Finding[] => {
    if (connections.length === 0) return []
    const stuck = after.filter(({ queue, lag, groupOffset, lastDoneTimestamp = 0 }) => {
      const earlier = before.find(
        (one) =>
          one.queue.topic === queue.topic && one.queue.broker === queue.broker && one.queue.queueId === queue.queueId,
      )
      const waited = earlier !== undefined && earlier.lag > 0 && earlier.groupOffset === groupOffset
      return lag > 0 && waited && nowMs - lastDoneTimestamp > undoneMsMax
    })
    if (stuck.length === 0) return []
    const places = stuck.slice(0, 3).map(({ queue }) => `${queue.topic} ${queue.broker}:${queue.queueId}`)
    return [
      {
        severity: 'warning',
        fault: 'group-without-progress',
        subject: group,
        cause: `its members do not get on in ${stuck.length} queues, such as ${places.join(', ')}`,
        advice: `see what its handlers wait for (rocketmq client show ${group} CLIENT), and whether the queues have a member`,
      },
    ]
  })
}

function deadLettersThatGrow({ deadLetters, nowMs }: Facts): Finding[] {
  return deadLetters
    .filter(({ letters, lastStoredMs = 0 }) => letters > 0 && nowMs - lastStoredMs < recentLetterMs)
    .map(({ group, letters, lastStoredMs = 0 }) => ({
      severity: 'warning',
      fault: 'dead-letters-grow',
      subject: group,
      cause: `it has ${letters} dead letters, the last one of ${formatDuration(Math.max(0, nowMs - lastStoredMs))} ago`,
      advice: `see what they are (rocketmq dlq show ${group}), mend the handler, and give them back (rocketmq dlq replay ${group})`,
    }))
}

function topicsWithoutConsumers({ topics }: Facts): Finding[] {
  return topics
    .filter(({ messages, groups }) => messages > 0 && groups.length === 0)
    .map(({ topic, messages }) => ({
      severity: 'warning',
      fault: 'topic-without-consumers',
      subject: topic,
      cause: `${messages} messages are in it, and no group has ever consumed it`,
      advice: 'start its consumers, or see whether a producer or a consumer has its name wrong',
    }))
}
