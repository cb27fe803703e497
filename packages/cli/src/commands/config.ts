import type { Session } from '../session.ts'
import { argument, type CommandGroup, command, manyArguments, one, rows, textOption } from '../table/define.ts'
import { map, record, text, texts } from '../table/record.ts'
import { CommandError } from '../usage-error.ts'
import { parseAssignment } from '../values.ts'

const settingRow = record({ server: text('Server'), key: text('Key'), value: text('Value') })
const changed = record({ servers: texts('Servers'), values: map('Settings') })

const serverArgument = argument('name of a broker, its host:port, or namesrv for all name servers', 'broker')

/** What stands for all name servers where a broker's name could stand. */
const allNameServers = 'namesrv'

export const configGroup: CommandGroup = {
  name: 'config',
  about: 'Settings of servers, while they run.',
  commands: [
    command({
      name: 'list',
      about: 'Shows the settings of a broker, or of the name servers.',
      example: 'rocketmq config list broker-a --filter flush\nrocketmq config list namesrv',
      arguments: { server: serverArgument },
      options: { filter: textOption('text', 'only keys that have this in them') },
      output: rows(settingRow, 'No setting fits.'),
      async run(session, { server, filter = '' }) {
        return (await settingsOf(session, server)).filter(({ key }) => key.toLowerCase().includes(filter.toLowerCase()))
      },
    }),
    command({
      name: 'show',
      about: 'Shows one setting.',
      example: 'rocketmq config show broker-a fileReservedTime',
      arguments: { server: serverArgument, key: argument("RocketMQ's name of it") },
      output: rows(settingRow, ''),
      async run(session, { server, key }) {
        const found = (await settingsOf(session, server)).filter((setting) => setting.key === key)
        if (found.length === 0)
          throw new CommandError(`${server} has no setting ${key}: rocketmq config list ${server}`)
        return found
      },
    }),
    command({
      name: 'change',
      about: 'Changes settings while the server runs, and in the file that its next start reads.',
      details: 'The server refuses what it does not know, and says which keys need a restart.',
      example: 'rocketmq config change broker-a fileReservedTime=48',
      arguments: { server: serverArgument, values: manyArguments('key=value', parseAssignment) },
      output: one(
        changed,
        ({ servers, values }) => `Changed on ${servers.join(', ')}: ${Object.keys(values).join(', ')}.`,
      ),
      async run(session, { server, values: given }) {
        const admin = await session.admin()
        const values = Object.fromEntries(given)
        const options = { signal: session.signal }
        if (server === allNameServers) {
          await admin.changeNameServers(values, options)
          return { servers: [...(await admin.nameServerConfigurations(options)).keys()], values }
        }
        await admin.changeBroker(server, values, options)
        return { servers: [server], values }
      },
    }),
  ],
}

async function settingsOf(session: Session, server: string) {
  const admin = await session.admin()
  const options = { signal: session.signal }
  const servers =
    server === allNameServers
      ? await admin.nameServerConfigurations(options)
      : new Map([[server, await admin.brokerConfiguration(server, options)]])
  return [...servers].flatMap(([name, settings]) =>
    [...settings]
      .map(([key, value]) => ({ server: name, key, value }))
      .sort((one, other) => (one.key < other.key ? -1 : 1)),
  )
}
