import { answerError, type Master } from '@rocketmq-ts/client/raw'
import {
  coldDataBody,
  commands,
  consumeQueueCheckBody,
  formatJavaProperties,
  haRuntimeBody,
  responseCodes,
} from '@rocketmq-ts/protocol'
import { atEachBroker } from './each-broker.ts'
import { formatted, localSeconds, localTime, prettyJson } from './java-text.ts'
import { optional, propertiesTold, required, type Target, type Tool, type ToolContext, target } from './tool.ts'

const slaveColumns = '%-32s  %-16s %16s %16s %16s %16s\n'
const group = required('g', 'consumerGroup', 'name of the group')
const dayMs = 86_400_000
const checkFailed = 3

/** What is set at brokers, and what they tell of their disks and replicas. */
export const brokerTools: readonly Tool[] = [
  {
    name: 'getColdDataFlowCtrInfo',
    about: 'Shows which groups read old messages, and how much of them may be read.',
    options: target,
    run: (context) => withHeads(context, (broker) => showColdData(context, broker)),
  },
  {
    name: 'updateColdDataFlowCtrGroupConfig',
    about: 'Sets how much a group may read of old messages.',
    options: [...target, group, required('v', 'threshold', 'bytes in five seconds')],
    async run(context) {
      const body = Buffer.from(formatJavaProperties([[context.need('consumerGroup'), context.need('threshold')]]))
      await atEachBroker(await context.targets(), async (broker) => {
        await context.ask(broker, commands.updateColdDataFlowCtrConfig, {}, body)
        await context.line(`updateColdDataFlowCtrGroupConfig success, ${broker.address}`)
      })
    },
  },
  {
    name: 'removeColdDataFlowCtrGroupConfig',
    about: 'Lets a group read as much of old messages as all others.',
    options: [...target, group],
    async run(context) {
      const body = Buffer.from(context.need('consumerGroup'))
      await atEachBroker(await context.targets(), async (broker) => {
        await context.ask(broker, commands.removeColdDataFlowCtrConfig, {}, body)
        await context.line(`remove broker cold read threshold success, ${broker.address}`)
      })
    },
  },
  {
    name: 'setCommitLogReadAheadMode',
    about: 'Sets whether the system reads ahead in the log.',
    options: [...target, required('m', 'commitLogReadAheadMode', '0 as it likes, 1 not at all')],
    async run(context) {
      const mode = context.need('commitLogReadAheadMode')
      if (mode !== '0' && mode !== '1') {
        await context.line('set the read mode error; 0 is default, 1 random read')
        return
      }
      await withHeads(context, async (broker) => {
        const command = commands.setCommitlogReadMode
        const request = { command, header: { READ_AHEAD_MODE: Number(mode) } }
        const answer = await context.client.ask(broker, request, context.deadline)
        if (answer.code !== responseCodes.SUCCESS.code) throw answerError(command.name, answer, { broker: broker.name })
        await context.line(`commitLog set readAhead mode rstStr${answer.remark ?? 'null'}`)
      })
    },
  },
  {
    name: 'resetMasterFlushOffset',
    about: 'Sets up to where a slave takes the log of its master for synced.',
    options: [required('b', 'brokerAddr', 'address of the slave'), required('o', 'offset', 'the position in the log')],
    async run(context) {
      const masterFlushOffset = context.number('offset', 0)
      const [broker] = await context.targets()
      await context.ask(broker!, commands.resetMasterFlushOffset, { masterFlushOffset })
      await context.line(`reset master flush offset to ${masterFlushOffset} success`)
    },
  },
  {
    name: 'haStatus',
    about: 'Shows how far the replicas of brokers are.',
    options: [...target, optional('i', 'interval', 'again and again: seconds between two looks')],
    run: (context) =>
      context.repeat(async () => {
        for (const broker of await context.targets()) await showReplicas(context, broker)
      }),
  },
  {
    name: 'exportPopRecord',
    differs: 'With `-d true` nothing is changed. The official one does it for real then, and nothing with `-d false`.',
    about: 'Lets brokers move what is open of POP from RocksDB into their logs.',
    options: [...target, optional('d', 'dryRun', 'true: only tells which brokers would')],
    async run(context) {
      // The official tool does it for real with "true", and only tells it with "false".
      const dryRun = context.value('dryRun') === 'true'
      await atEachBroker(await context.targets(), async (broker) => {
        const { read } = await context.ask(broker, commands.getBrokerConfig, {})
        const name = read(propertiesTold).get('brokerName') ?? broker.name
        if (!dryRun) await context.ask(broker, commands.popRollback, {})
        await context.line(`Export broker records, brokerName=${name}, brokerAddr=${broker.address}, dryRun=${dryRun}`)
      })
    },
  },
  {
    name: 'checkRocksdbCqWriteProgress',
    about: 'Lets brokers compare consume queues in RocksDB and in files.',
    options: [
      required('c', 'cluster', 'name of the cluster'),
      optional('t', 'topic', 'only this topic'),
      optional(
        'cf',
        'checkFrom',
        'only what was stored then or later: milliseconds since 1970; the last day without it',
      ),
    ],
    async run(context) {
      const cluster = context.need('cluster')
      const { clusterAddrTable } = await context.clusterInfo()
      if (!clusterAddrTable.has(cluster)) {
        await context.print('clusterAddrTable is empty')
        return
      }
      const checkStoreTime = context.number('checkFrom', context.session.host.now() - dayMs)
      const header = { topic: context.value('topic') ?? '', checkStoreTime }
      await atEachBroker(await context.mastersOf(cluster), async (broker) => {
        const { read } = await context.ask(broker, commands.checkRocksdbCqWriteProgress, header)
        const { checkStatus, checkResult } = read(consumeQueueCheckBody.decode)
        if (checkStatus === checkFailed) {
          await context.print(`${broker.name} check error, please check log... errInfo: ${checkResult}`)
        } else await context.line(`${broker.name} check doing, please wait and get the result from log... `)
      })
    },
  },
  {
    name: 'switchTimerEngine',
    about: 'Sets what keeps messages that wait for their time.',
    options: [...target, required('e', 'engineType', 'F the wheel in files, R RocksDB')],
    async run(context) {
      const engine = context.need('engineType')
      if (engine !== 'R' && engine !== 'F') {
        await context.line('switchTimerEngine engineType must be R or F')
        return
      }
      const name = engine === 'R' ? 'ROCKSDB_TIMELINE' : 'FILE_TIME_WHEEL'
      await atEachBroker(await context.targets(), async (broker) => {
        await context.ask(broker, commands.switchTimerEngine, { E_T: engine })
        await context.line(`switchTimerEngine to ${name} success, ${broker.address}`)
      })
    },
  },
]

/** Each broker below its address; of a cluster the slaves too. */
async function withHeads(context: ToolContext, show: (broker: Master) => Promise<void>): Promise<void> {
  const isCluster = context.value('brokerAddr') === undefined
  await atEachBroker(await context.targets({ withSlaves: true }), async (broker) => {
    await context.line(` ============${isCluster ? headOf(broker) : broker.address}============`)
    await show(broker)
  })
}

function headOf({ address, masterAddress }: Target): string {
  return masterAddress === undefined ? `Master: ${address}` : `My Master: ${masterAddress}=====Slave: ${address}`
}

async function showColdData(context: ToolContext, broker: Master): Promise<void> {
  const { read } = await context.ask(broker, commands.getColdDataFlowCtrInfo, {})
  const { runtimeTable, configTable, ...rest } = read(coldDataBody.decode)
  const readers = [...runtimeTable].map(([name, { coldAcc, createTimeMills, lastColdReadTimeMills }]) => [
    name,
    {
      coldAcc,
      createTimeFormat: localSeconds(createTimeMills),
      lastColdReadTimeFormat: localSeconds(lastColdReadTimeMills),
    },
  ])
  const shown = { ...rest, runtimeTable: Object.fromEntries(readers), configTable: Object.fromEntries(configTable) }
  await context.line(prettyJson(shown))
}

async function showReplicas(context: ToolContext, broker: Master): Promise<void> {
  const { read } = await context.ask(broker, commands.getBrokerHaStatus, {})
  const told = read(haRuntimeBody.decode)
  const kibibytes = (bytes: number): string => (bytes / 1024).toFixed(2)
  if (!told.master) {
    const slave = told.haClientRuntimeInfo
    await context.print(`\n#MasterAddr\t${slave?.masterAddr ?? 'null'}\n`)
    await context.line(`#CommitLogMaxOffset\t${slave?.maxOffset ?? 0}`)
    await context.line(`#TransferSpeed(KB/s)\t${kibibytes(slave?.transferredByteInSecond ?? 0)}`)
    await context.line(`#LastReadTime\t${localTime(slave?.lastReadTimestamp ?? 0)}`)
    await context.line(`#LastWriteTime\t${localTime(slave?.lastWriteTimestamp ?? 0)}`)
    await context.line(`#MasterFlushOffset\t${slave?.masterFlushOffset ?? 0}`)
    return
  }
  const { haConnectionInfo: slaves, masterCommitLogMaxOffset, inSyncSlaveNums } = told
  await context.print(`\n#MasterAddr\t${broker.address}\n#MasterCommitLogMaxOffset\t${masterCommitLogMaxOffset}\n`)
  await context.print(`#SlaveNum\t${slaves.length}\n#InSyncSlaveNum\t${inSyncSlaveNums}\n`)
  const titles = ['#SlaveAddr', '#SlaveAckOffset', '#Diff', '#TransferSpeed(KB/s)', '#Status', '#TransferFromWhere']
  await context.print(formatted(slaveColumns, ...titles))
  for (const { addr, slaveAckOffset, diff, transferredByteInSecond, inSync, transferFromWhere } of slaves) {
    const values = [slaveAckOffset, diff, kibibytes(transferredByteInSecond), inSync ? 'OK' : 'Fall Behind']
    await context.print(formatted(slaveColumns, addr ?? 'null', ...values, transferFromWhere))
  }
}
