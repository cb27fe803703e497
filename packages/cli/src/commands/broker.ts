import { argument, type CommandGroup, choiceArgument, command, one, rows } from '../table/define.ts'
import { list, record, text, whole, yesNo } from '../table/record.ts'
import { askBrokers } from './broker-status.ts'
import { brokerRow, shownBroker } from './cluster.ts'

const statusRow = record({ name: text('Name'), value: text('Value') })
const shownStatus = record({ broker: text('Broker'), status: list('Status', statusRow) })

const writability = record({
  broker: text('Broker'),
  isWritable: yesNo('Takes messages'),
  nameServers: list('Name servers', record({ address: text('Address'), topics: whole('Topics changed') })),
})

export const brokerArgument = argument('its name, or host:port', 'broker')

export const brokerGroup: CommandGroup = {
  name: 'broker',
  about: 'Runs a broker, or tells of those that run.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the brokers that the name servers know.',
      example: 'rocketmq broker list',
      output: rows(brokerRow, 'The name servers know no broker.'),
      async run(session) {
        return (await askBrokers(await session.admin(), session.signal)).map(shownBroker)
      },
    }),
    command({
      name: 'show',
      about: 'Shows what a broker tells of itself.',
      example: 'rocketmq broker show broker-a',
      arguments: { broker: brokerArgument },
      output: one(shownStatus),
      async run(session, { broker }) {
        const table = await (await session.admin()).brokerStatus(broker, { signal: session.signal })
        const status = [...table].map(([name, value]) => ({ name, value }))
        return { broker, status: status.sort((one, other) => (one.name < other.name ? -1 : 1)) }
      },
    }),
    command({
      name: 'writable',
      about: 'Keeps producers away from a broker, or lets them come back.',
      details: 'All name servers change the permissions of its topics, so that it can be emptied and stopped.',
      example: 'rocketmq broker writable broker-a off\nrocketmq broker writable broker-a on',
      arguments: {
        broker: argument('its name', 'broker'),
        state: choiceArgument(['on', 'off'], 'whether it takes messages'),
      },
      output: one(writability, ({ broker, isWritable }) =>
        isWritable ? `Producers use ${broker} again.` : `Producers leave ${broker} alone.`,
      ),
      async run(session, { broker, state }) {
        const admin = await session.admin()
        const isWritable = state === 'on'
        const counts = await admin.setBrokerWritable(broker, isWritable, { signal: session.signal })
        return { broker, isWritable, nameServers: [...counts].map(([address, topics]) => ({ address, topics })) }
      },
    }),
  ],
}
