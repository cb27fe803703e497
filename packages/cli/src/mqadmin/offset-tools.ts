import type { Master } from '@rocketmq-ts/client/raw'
import { commands, resetOffsetBody, retryTopicOf, subscriptionGroupTableBody } from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { formatted } from './java-text.ts'
import { optional, required, type Tool, type ToolContext, timeOf, topic } from './tool.ts'
import { brokersInCluster, mastersOf, routeOf } from './topic-tools.ts'

const resetColumns = '%-40s  %-40s  %-40s\n'

export const offsetTools: readonly Tool[] = [
  {
    name: 'resetOffsetByTime',
    about: 'Lets a group go on at a time, or at an offset.',
    options: [
      required('g', 'group', 'name of the group'),
      topic,
      required('s', 'timestamp', 'now, milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS'),
      optional('f', 'force', 'false: only backwards'),
      optional('b', 'broker', 'only at this broker'),
      optional('q', 'queue', 'only this queue'),
      optional('o', 'offset', 'the offset instead of a time'),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      const [name, topicName, given] = [context.need('group'), context.need('topic'), context.need('timestamp')]
      const timestamp = timeOf(given, context.session.host.now())
      const isForce = context.value('force') !== 'false'
      const [address, queueId] = [context.value('broker'), context.number('queue', -1)]
      if (address !== undefined && queueId >= 0) {
        const where = `group[${name}], topic[${topicName}], queueId[${queueId}], broker[${address}]`
        await context.line(
          `start reset consumer offset by specified, ${where}, timestamp(string)[${given}], timestamp(long)[${timestamp}]`,
        )
        await resetQueue(context, { name, topicName, address, queueId, timestamp })
        return
      }
      await context.line(
        `start reset consumer offset by specified, group[${name}], topic[${topicName}], force[${isForce}], timestamp(string)[${given}], timestamp(long)[${timestamp}]`,
      )
      await resetAll(context, name, topicName, { timestamp: given === 'now' ? -1 : timestamp, isForce })
    },
  },
  {
    name: 'skipAccumulatedMessage',
    about: 'Lets a group go on with what comes next.',
    options: [
      required('g', 'group', 'name of the group'),
      topic,
      optional('f', 'force', 'false: only backwards'),
      optional('c', 'cluster', 'only in this cluster'),
    ],
    async run(context) {
      await resetAll(context, context.need('group'), context.need('topic'), {
        timestamp: -1,
        isForce: context.value('force') !== 'false',
      })
    },
  },
  {
    name: 'cloneGroupOffset',
    about: 'Lets a group go on in a topic where another group is.',
    options: [
      required('s', 'srcGroup', 'the group whose offsets are taken'),
      required('d', 'destGroup', 'the group that gets them'),
      topic,
      optional('o', 'offline', 'true: also topics that members have left'),
    ],
    async run(context) {
      const [srcGroup, destGroup, name] = [context.need('srcGroup'), context.need('destGroup'), context.need('topic')]
      await routeOf(context, name)
      // The one whose offsets are taken must have members, or have had some.
      const { brokerDatas } = await routeOf(context, retryTopicOf(srcGroup))
      const brokers = mastersOf(brokerDatas)
      for (const broker of brokers) await needGroup(context, broker, destGroup)
      for (const broker of brokers) {
        await context.ask(broker, commands.cloneGroupOffset, {
          srcGroup,
          destGroup,
          topic: name,
          offline: context.value('offline') === 'true',
        })
      }
      await context.print(`clone group offset success. srcGroup[${srcGroup}], destGroup=[${destGroup}], topic[${name}]`)
    },
  },
]

/** @throws CommandError when a broker does not have the group: nobody could go on from offsets there */
async function needGroup(context: ToolContext, broker: Master, name: string): Promise<void> {
  const { read } = await context.ask(broker, commands.getAllSubscriptiongroupConfig, {})
  if (read(subscriptionGroupTableBody.decode).subscriptionGroupTable.has(name)) return
  throw new CommandError(
    `CODE: 26  DESC: Group ${name} not exist! BROKER: ${broker.address}: make it with updateSubGroup`,
  )
}

interface ResetQueue {
  readonly name: string
  readonly topicName: string
  readonly address: string
  readonly queueId: number
  readonly timestamp: number
}

/** One queue of one broker, to an offset or to where a time lies. */
async function resetQueue(context: ToolContext, reset: ResetQueue): Promise<void> {
  const { name, topicName, address, queueId, timestamp } = reset
  const broker = { name: address, address }
  const place = { topic: topicName, queueId }
  const offset =
    context.value('offset') === undefined
      ? (await context.ask(broker, commands.searchOffsetByTimestamp, { ...place, timestamp })).header.offset
      : context.number('offset', -1)
  if (offset < 0) throw new UsageError(`offset is ${offset}: give one from 0 on`)
  const header = { ...place, group: name, offset, timestamp: -1, isForce: true }
  await context.ask(broker, commands.invokeBrokerToResetOffset, header)
  await context.line(`reset consumer offset to ${offset}`)
}

async function resetAll(
  context: ToolContext,
  name: string,
  topicName: string,
  { timestamp, isForce }: { readonly timestamp: number; readonly isForce: boolean },
): Promise<void> {
  const brokers = brokersInCluster(context, await routeOf(context, topicName), topicName)
  const only = context.value('broker')
  const chosen = brokers.filter(
    ({ brokerName, brokerAddrs }) =>
      only === undefined || brokerName === only || [...brokerAddrs.values()].includes(only),
  )
  if (chosen.length === 0) throw new CommandError(`the route of ${topicName} has no broker ${only}`)
  const queueId = context.number('queue', -1)
  const offset = context.value('offset') === undefined ? undefined : context.number('offset', -1)
  await context.print(formatted(resetColumns, '#brokerName', '#queueId', '#offset'))
  for (const broker of mastersOf(chosen)) {
    const header = { group: name, topic: topicName, queueId, offset, timestamp, isForce }
    const { read } = await context.ask(broker, commands.invokeBrokerToResetOffset, header)
    for (const [queue, at] of read(resetOffsetBody.decode).offsetTable) {
      await context.print(formatted(resetColumns, queue.brokerName, queue.queueId, at))
    }
  }
}
