import { queueLayout } from '../../src/routes/queue-layout.ts'
import type { Registration } from '../../src/routes/registration.ts'
import type { RouteTable } from '../../src/routes/route-table.ts'

/** A registration of broker-a's master; the version is counted up in `dataVersion.counter`. */
export function registration(
  topics: readonly string[] | ReadonlyMap<string, number>,
  changes: Partial<Registration> & { counter?: number } = {},
): Registration {
  const { counter = 1, ...rest } = changes
  const perms: Iterable<[string, number]> = Array.isArray(topics)
    ? topics.map((topic): [string, number] => [topic, 6])
    : (topics as ReadonlyMap<string, number>)
  return {
    clusterName: 'c',
    brokerName: 'broker-a',
    brokerId: 0,
    address: 'a:1',
    haServerAddress: 'a:2',
    enableActingMaster: false,
    zoneName: undefined,
    timeoutMs: 120_000,
    connectionId: 1,
    filterServers: [],
    dataVersion: { counter, stateVersion: 0, timestamp: 1 },
    topics: new Map(
      [...perms].map(([topic, perm]) => [
        topic,
        queueLayout({ readQueueNums: 4, writeQueueNums: 4, perm, topicSysFlag: 0 }),
      ]),
    ),
    mappings: new Map(),
    bodyDigest: `${counter}`,
    ...rest,
  }
}

export function permOf(table: RouteTable, topic: string, brokerName = 'broker-a'): number | undefined {
  return table.groups.get(brokerName)?.topics.get(topic)?.perm
}

export function topicsOf(table: RouteTable, brokerName = 'broker-a'): string[] {
  return [...(table.groups.get(brokerName)?.topics.keys() ?? [])].sort()
}
