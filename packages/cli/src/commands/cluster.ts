import { argument, type CommandGroup, command, one, rows } from '../table/define.ts'
import { decimal, list, maybe, record, share, text, texts, time, whole, yesNo } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { askBrokers } from './broker-status.ts'

const clusterRow = record({
  cluster: text('Cluster'),
  brokers: whole('Brokers'),
  answering: whole('Answering'),
  inRate: decimal('In/s'),
  outRate: decimal('Out/s'),
})

export const brokerRow = record({
  broker: text('Broker'),
  cluster: text('Cluster'),
  id: whole('Id'),
  address: text('Address'),
  isAnswering: yesNo('Answers'),
  version: maybe(text('Version')),
  inRate: maybe(decimal('In/s')),
  outRate: maybe(decimal('Out/s')),
  diskUsed: maybe(share('Disk')),
  startedAt: maybe(time('Started')),
})

const clusterDetails = record({
  cluster: text('Cluster'),
  nameServers: texts('Name servers'),
  brokers: list('Brokers', brokerRow),
})

export const clusterGroup: CommandGroup = {
  name: 'cluster',
  about: 'Clusters of brokers.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the clusters that the name servers know.',
      example: 'rocketmq cluster list',
      output: rows(clusterRow, 'The name servers know no broker.'),
      async run(session) {
        const byCluster = Map.groupBy(await askBrokers(await session.admin(), session.signal), ({ cluster }) => cluster)
        return [...byCluster].map(([cluster, brokers]) => ({
          cluster,
          brokers: brokers.length,
          answering: brokers.filter(({ status }) => status !== undefined).length,
          inRate: brokers.reduce((sum, { status }) => sum + (status?.inRate ?? 0), 0),
          outRate: brokers.reduce((sum, { status }) => sum + (status?.outRate ?? 0), 0),
        }))
      },
    }),
    command({
      name: 'show',
      about: 'Shows the brokers of a cluster.',
      example: 'rocketmq cluster show DefaultCluster',
      arguments: { cluster: argument('its name') },
      output: one(clusterDetails),
      async run(session, { cluster }) {
        const admin = await session.admin()
        const all = await askBrokers(admin, session.signal)
        const brokers = all.filter((broker) => broker.cluster === cluster).map(shownBroker)
        if (brokers.length === 0) {
          const names = [...new Set(all.map((broker) => broker.cluster))].join(', ')
          throw new CommandError(`there is no cluster ${cluster}; there are: ${names || 'none'}`)
        }
        const nameServers = (await admin.nameServers({ signal: session.signal })).map(({ address }) => address)
        return { cluster, nameServers, brokers }
      },
    }),
  ],
}

export function shownBroker({ broker, cluster, id, address, status }: Awaited<ReturnType<typeof askBrokers>>[number]) {
  return {
    broker,
    cluster,
    id,
    address,
    isAnswering: status !== undefined,
    version: status?.version,
    inRate: status?.inRate,
    outRate: status?.outRate,
    diskUsed: status?.diskUsed,
    startedAt: status?.startedAt,
  }
}
