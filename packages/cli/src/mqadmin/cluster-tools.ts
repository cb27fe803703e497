import { commands, formatJavaProperties, keyValueTableBody } from '@rocketmq-ts/protocol'
import { atEachBroker } from './each-broker.ts'
import { formatted, prettyJson } from './java-text.ts'
import { flag, optional, propertiesTold, required, type Tool, type ToolContext, target } from './tool.ts'

const statusColumns = '%-22s  %-22s  %-4s  %-22s %-16s  %16s  %30s  %-22s  %11s  %-12s  %-8s  %10s\n'
const totalColumns = '%-16s  %-32s %14s %14s %14s %14s\n'

const hourMs = 3_600_000

export const clusterTools: readonly Tool[] = [
  {
    name: 'clusterList',
    about: 'Shows the brokers of all clusters.',
    options: [
      flag('m', 'moreStats', 'messages of yesterday and today'),
      optional('i', 'interval', 'again and again: seconds between two looks'),
      optional('c', 'clusterName', 'only this cluster'),
    ],
    run: (context) => context.repeat(() => printClusters(context)),
  },
  {
    name: 'brokerStatus',
    about: 'Shows what brokers tell of themselves.',
    options: target,
    async run(context) {
      for (const { name, address } of await context.targets()) {
        const table = await statusOf(context, name, address)
        for (const [key, value] of [...table].sort(([one], [other]) => (one < other ? -1 : 1))) {
          const isCluster = context.value('brokerAddr') === undefined
          await context.print(
            isCluster ? formatted('%-24s %-32s: %s\n', address, key, value) : formatted('%-32s: %s\n', key, value),
          )
        }
      }
    },
  },
  {
    name: 'getBrokerConfig',
    about: 'Shows the settings of brokers.',
    options: target,
    async run(context) {
      const isCluster = context.value('brokerAddr') === undefined
      for (const broker of await context.targets()) {
        await context.line(
          isCluster ? `============Master: ${broker.address}============` : `============${broker.address}============`,
        )
        const { read } = await context.ask(broker, commands.getBrokerConfig, {})
        for (const [key, value] of read(propertiesTold)) await context.print(formatted('%-50s=  %s\n', key, value))
        await context.line('')
      }
    },
  },
  {
    name: 'updateBrokerConfig',
    about: 'Changes a setting of brokers while they run.',
    options: [
      ...target,
      required('k', 'key', 'its name'),
      { ...required('v', 'value', 'its value'), mayBeEmpty: true },
      optional('a', 'updateAllBroker', 'true: slaves of the cluster too'),
    ],
    async run(context) {
      const body = Buffer.from(formatJavaProperties([[context.need('key'), context.need('value')]]))
      const withSlaves = (context.value('updateAllBroker') ?? 'false') !== 'false'
      await atEachBroker(await context.targets({ withSlaves }), async (broker) => {
        await context.ask(broker, commands.updateBrokerConfig, {}, body)
        await context.line(`update broker config success, ${broker.address}`)
      })
    },
  },
  {
    name: 'getNamesrvConfig',
    about: 'Shows the settings of name servers.',
    options: [],
    async run(context) {
      for (const { address, answer, error } of await context.client.nameServers.readEach(
        commands.getNamesrvConfig,
        {},
        context.deadline,
        ({ body }) => propertiesTold(body ?? Buffer.alloc(0)),
      )) {
        if (answer === undefined) throw error
        await context.line(`============${address}============`)
        for (const [key, value] of answer) {
          await context.print(formatted('%-50s=  %s\n', key, value))
        }
      }
    },
  },
  {
    name: 'updateNamesrvConfig',
    about: 'Changes a setting of all name servers while they run.',
    options: [required('k', 'key', 'its name'), { ...required('v', 'value', 'its value'), mayBeEmpty: true }],
    async run(context) {
      const [key, value] = [context.need('key'), context.need('value')]
      const { nameServers } = context.client
      const body = Buffer.from(formatJavaProperties([[key, value]]))
      for (const { error } of await nameServers.askEach(commands.updateNamesrvConfig, {}, context.deadline, body)) {
        if (error !== undefined) throw error
      }
      await context.print(`update name server config success!${prettyList(nameServers.addresses)}\n${key} : ${value}\n`)
    },
  },
  ...(
    [
      ['wipeWritePerm', 'Takes the right to write away from a broker.', commands.wipeWritePermOfBroker, 'wipe'],
      ['addWritePerm', 'Gives a broker the right to write back.', commands.addWritePermOfBroker, 'add'],
    ] as const
  ).map(
    ([name, about, command, word]): Tool => ({
      name,
      about,
      options: [required('b', 'brokerName', 'name of the broker')],
      async run(context) {
        const brokerName = context.need('brokerName')
        for (const { address, answer, error } of await context.client.nameServers.readEach(
          command,
          { brokerName },
          context.deadline,
          ({ extFields }) => `${extFields?.[`${word}TopicCount`]}`,
        )) {
          if (answer === undefined) throw error
          await context.line(`${word} write perm of broker[${brokerName}] in name server[${address}] OK, ${answer}`)
        }
      },
    }),
  ),
  {
    name: 'updateKvConfig',
    about: 'Keeps a value at all name servers.',
    options: [
      required('s', 'namespace', 'namespace of the key'),
      required('k', 'key', 'the key'),
      { ...required('v', 'value', 'the value'), mayBeEmpty: true },
    ],
    async run(context) {
      const header = { namespace: context.need('namespace'), key: context.need('key'), value: context.need('value') }
      await everywhere(context, commands.putKvConfig, header)
      await context.line('create or update kv config to namespace success.')
    },
  },
  {
    name: 'deleteKvConfig',
    about: 'Deletes a value at all name servers.',
    options: [required('s', 'namespace', 'namespace of the key'), required('k', 'key', 'the key')],
    async run(context) {
      await everywhere(context, commands.deleteKvConfig, {
        namespace: context.need('namespace'),
        key: context.need('key'),
      })
      await context.line('delete kv config from namespace success.')
    },
  },
  ...(
    [
      ['cleanUnusedTopic', 'Deletes queues of topics that are not there.', commands.cleanUnusedTopic],
      ['cleanExpiredCQ', 'Deletes queues whose messages are gone.', commands.cleanExpiredConsumequeue],
      ['deleteExpiredCommitLog', 'Deletes files of the log that are old enough.', commands.deleteExpiredCommitlog],
    ] as const
  ).map(
    ([name, about, command]): Tool => ({
      name,
      about,
      options: [
        optional('b', 'brokerAddr', 'address of a broker'),
        optional('c', 'cluster', 'the cluster; all of them without it'),
      ],
      async run(context) {
        const given = context.value('brokerAddr') ?? context.value('cluster')
        const brokers = given === undefined ? await context.calls.masters(context.deadline) : await context.targets()
        for (const broker of brokers) await context.ask(broker, command, {})
        await context.print('success')
      },
    }),
  ),
]

async function printClusters(context: ToolContext): Promise<void> {
  const isMore = context.has('moreStats')
  const { brokerAddrTable, clusterAddrTable } = await context.clusterInfo()
  await context.print(
    isMore
      ? formatted(
          totalColumns,
          '#Cluster Name',
          '#Broker Name',
          '#InTotalYest',
          '#OutTotalYest',
          '#InTotalToday',
          '#OutTotalToday',
        )
      : formatted(
          statusColumns,
          '#Cluster Name',
          '#Broker Name',
          '#BID',
          '#Addr',
          '#Version',
          '#InTPS(LOAD)',
          '#OutTPS(LOAD)',
          '#Timer(Progress)',
          '#PCWait(ms)',
          '#Hour',
          '#SPACE',
          '#ACTIVATED',
        ),
  )
  const only = context.value('clusterName')
  for (const [cluster, names] of [...clusterAddrTable].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (only !== undefined && cluster !== only) continue
    for (const name of [...names].sort()) {
      for (const [id, address] of brokerAddrTable.get(name)?.brokerAddrs ?? []) {
        const table = await statusOf(context, name, address)
        await context.print(
          isMore ? totalRow(cluster, name, table) : statusRow(context, cluster, name, id, address, table),
        )
      }
    }
  }
}

async function statusOf(context: ToolContext, name: string, address: string): Promise<ReadonlyMap<string, string>> {
  const { read } = await context.ask({ name, address }, commands.getBrokerRuntimeInfo, {})
  return read(keyValueTableBody.decode).table
}

type Table = ReadonlyMap<string, string>

const numberOf = (table: Table, key: string): number => Number(table.get(key)?.trim().split(' ')[0] || 0)

function statusRow(
  context: ToolContext,
  cluster: string,
  name: string,
  id: number,
  address: string,
  table: Table,
): string {
  const text = (key: string): string => table.get(key) ?? ''
  const wait = (pool: string): string =>
    `${text(`${pool}ThreadPoolQueueSize`)},${text(`${pool}ThreadPoolQueueHeadWaitTimeMills`)}ms`
  const rate = (key: string): string => numberOf(table, key).toFixed(2).padStart(9)
  const timer = `${text('timerReadBehind')}-${text('timerOffsetBehind')}(${(numberOf(table, 'timerCongestNum') / 10_000).toFixed(1)}w, ${numberOf(table, 'timerEnqueueTps').toFixed(1)}, ${numberOf(table, 'timerDequeueTps').toFixed(1)})`
  const earliestMs = numberOf(table, 'earliestMessageTimeStamp')
  const hours = earliestMs > 0 ? (context.session.host.now() - earliestMs) / hourMs : 0
  return formatted(
    statusColumns,
    cluster,
    name,
    id,
    address,
    text('brokerVersionDesc'),
    `${rate('putTps')}(${wait('send')})`,
    `${rate('getTransferredTps')}(${wait('pull')}|${wait('ack')})`,
    timer,
    text('pageCacheLockTimeMills'),
    hours.toFixed(2),
    numberOf(table, 'commitLogDiskRatio').toFixed(4),
    text('brokerActive'),
  )
}

function totalRow(cluster: string, name: string, table: Table): string {
  const of = (key: string): number => numberOf(table, key)
  return formatted(
    totalColumns,
    cluster,
    name,
    of('msgPutTotalTodayMorning') - of('msgPutTotalYesterdayMorning'),
    of('msgGetTotalTodayMorning') - of('msgGetTotalYesterdayMorning'),
    of('msgPutTotalTodayNow') - of('msgPutTotalTodayMorning'),
    of('msgGetTotalTodayNow') - of('msgGetTotalTodayMorning'),
  )
}

async function everywhere(
  context: ToolContext,
  command: typeof commands.putKvConfig | typeof commands.deleteKvConfig,
  header: { readonly namespace: string; readonly key: string; readonly value?: string },
): Promise<void> {
  for (const { error } of await context.client.nameServers.askEach(command, header as never, context.deadline)) {
    if (error !== undefined) throw error
  }
}

function prettyList(values: readonly string[]): string {
  return prettyJson(values)
    .replaceAll(/\s*\n\s*/g, '')
    .replaceAll('"', '')
    .replaceAll(',', ', ')
}
