import type { Admin } from '@rocketmq-ts/client'
import { argument, type CommandGroup, command, flag, one, rows, textOption } from '../table/define.ts'
import { decimal, list, map, maybe, record, text, whole } from '../table/record.ts'
import { groupArgument } from './group.ts'
import { isSystemGroup } from './system-names.ts'

const clientRow = record({
  clientId: text('Client'),
  role: text('Role'),
  group: text('Group'),
  address: text('Address'),
  language: text('Language'),
  version: whole('Version'),
})

const memberDetails = record({
  clientId: text('Client'),
  group: text('Group'),
  queues: list('Queues', record({ topic: text('Topic'), broker: text('Broker'), queueId: whole('Queue') })),
  rates: list(
    'Rates',
    record({
      topic: text('Topic'),
      pullMs: decimal('Pull ms'),
      pullRate: decimal('Pulled/s'),
      handleMs: decimal('Handle ms'),
      doneRate: decimal('Done/s'),
      failedRate: decimal('Failed/s'),
    }),
  ),
  properties: map('Properties'),
  stacks: maybe(text('Stacks')),
})

export const clientGroup: CommandGroup = {
  name: 'client',
  about: 'Producers and consumers that are connected.',
  commands: [
    command({
      name: 'list',
      about: 'Shows who is connected: producers, and members of groups.',
      example: 'rocketmq client list\nrocketmq client list --group mailer',
      options: {
        group: textOption('name', 'only of this group', { short: 'g', completes: 'group' }),
        all: flag('also clients of RocketMQ itself', 'a'),
      },
      output: rows(clientRow, 'Nobody is connected.'),
      async run(session, { group, all }) {
        const clients = await connectedClients(await session.admin(), session.signal, group)
        return clients.filter((client) => all || !isSystemGroup(client.group))
      },
    }),
    command({
      name: 'show',
      about: 'Asks a member of a group how it is: its queues and rates.',
      example: 'rocketmq client show mailer 10.0.0.7@4711#5f0e',
      arguments: { group: groupArgument, client: argument('its id, as rocketmq client list shows it') },
      options: { stacks: flag('also the stacks of its threads, where the client has them') },
      output: one(memberDetails),
      async run(session, { group, client, stacks }) {
        const options = { signal: session.signal, withStacks: stacks }
        const status = await (await session.admin()).memberStatus(group, client, options)
        return {
          clientId: client,
          group,
          queues: status.queues,
          rates: Object.entries(status.rates).map(([topic, rates]) => ({ topic, ...rates })),
          properties: status.properties,
          stacks: status.stacks,
        }
      },
    }),
  ],
}

/** Each client of a group once, though several brokers know it. */
export async function connectedClients(admin: Admin, signal: AbortSignal, only?: string) {
  const clients = new Map<
    string,
    { clientId: string; role: string; group: string; address: string; language: string; version: number }
  >()
  for (const { clientId, group, address, language, version } of await admin.allProducers({ signal })) {
    if (only !== undefined && group !== only) continue
    clients.set(`producer ${group} ${clientId}`, { clientId, role: 'producer', group, address, language, version })
  }
  for (const group of only === undefined ? await admin.groups({ signal }) : [only]) {
    for (const { clientId, address, language, version } of (await admin.describeGroup(group, { signal })).members) {
      clients.set(`consumer ${group} ${clientId}`, { clientId, role: 'consumer', group, address, language, version })
    }
  }
  return [...clients.values()]
}
