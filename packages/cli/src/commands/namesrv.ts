import { argument, type CommandGroup, command, one, rows } from '../table/define.ts'
import { list, maybe, record, text, whole, yesNo } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'

const nameServerRow = record({
  address: text('Address'),
  isAnswering: yesNo('Answers'),
  brokers: whole('Brokers'),
  problem: maybe(text('Problem')),
})

const nameServerDetails = record({
  address: text('Address'),
  brokers: list(
    'Brokers',
    record({ broker: text('Broker'), cluster: text('Cluster'), id: whole('Id'), address: text('Address') }),
  ),
})

export const nameServerGroup: CommandGroup = {
  name: 'namesrv',
  about: 'Runs a name server, or tells of those that run.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the name servers, and whether each answers.',
      example: 'rocketmq namesrv list -n "mq1:9876;mq2:9876"',
      output: rows(nameServerRow, ''),
      async run(session) {
        const views = await (await session.admin()).nameServers({ signal: session.signal })
        return views.map(({ address, brokers, error }) => ({
          address,
          isAnswering: brokers !== undefined,
          brokers: brokers?.length ?? 0,
          problem: error?.message,
        }))
      },
    }),
    command({
      name: 'show',
      about: 'Shows the brokers that one name server knows.',
      example: 'rocketmq namesrv show 127.0.0.1:9876',
      arguments: { address: argument('host:port of one of them') },
      output: one(nameServerDetails),
      async run(session, { address }) {
        const views = await (await session.admin()).nameServers({ signal: session.signal })
        const view = views.find((one) => one.address === address)
        if (view === undefined) {
          throw new CommandError(
            `${address} is none of the name servers: ${views.map((one) => one.address).join(', ')}`,
          )
        }
        if (view.brokers === undefined) throw view.error
        const brokers = view.brokers.flatMap(({ name: broker, cluster, addresses }) =>
          [...addresses].map(([id, at]) => ({ broker, cluster, id, address: at })),
        )
        return { address, brokers }
      },
    }),
  ],
}
