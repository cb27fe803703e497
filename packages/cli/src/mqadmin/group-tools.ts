import {
  commands,
  type GroupRetryPolicy,
  newSubscriptionGroupConfig,
  retryTopicOf,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { formatted, javaMap } from './java-text.ts'
import { optional, required, type Tool, type ToolContext, target } from './tool.ts'

export const groupTools: readonly Tool[] = [
  {
    name: 'updateSubGroup',
    about: 'Makes a group, or changes it.',
    options: [
      ...target,
      required('g', 'groupName', 'name of the group'),
      optional('s', 'consumeEnable', 'false: members may not consume'),
      optional('m', 'consumeFromMinEnable', 'true: new queues are read from their beginning'),
      optional('d', 'consumeBroadcastEnable', 'true: members may broadcast'),
      optional('o', 'consumeMessageOrderly', 'true: members handle messages in order'),
      optional('q', 'retryQueueNums', 'queues of its retry topic'),
      optional('r', 'retryMaxTimes', 'deliveries after the first one'),
      optional('i', 'brokerId', 'the broker id to consume from'),
      optional('w', 'whichBrokerWhenConsumeSlowly', 'the broker id for slow consumers'),
      optional('a', 'notifyConsumerIdsChanged', 'false: members are not told of each other'),
      optional('p', 'groupRetryPolicy', 'delays before deliveries, as JSON'),
      { long: 'attributes', about: 'attributes: +a=b,-c' },
    ],
    async run(context) {
      const truth = (long: string, fallback: boolean): boolean => {
        const text = context.value(long)
        return text === undefined ? fallback : text === 'true'
      }
      const config = newSubscriptionGroupConfig(context.need('groupName'), {
        consumeEnable: truth('consumeEnable', true),
        consumeFromMinEnable: truth('consumeFromMinEnable', false),
        consumeBroadcastEnable: truth('consumeBroadcastEnable', false),
        consumeMessageOrderly: truth('consumeMessageOrderly', false),
        retryQueueNums: context.number('retryQueueNums', 1),
        retryMaxTimes: context.number('retryMaxTimes', 16),
        brokerId: context.number('brokerId', 0),
        whichBrokerWhenConsumeSlowly: context.number('whichBrokerWhenConsumeSlowly', 1),
        notifyConsumerIdsChangedEnable: truth('notifyConsumerIdsChanged', true),
        ...retryPolicyOf(context),
        attributes: attributesOf(context),
      })
      const body = subscriptionGroupConfigBody.encode(config)
      for (const broker of await context.targets()) {
        await context.ask(broker, commands.updateAndCreateSubscriptiongroup, {}, body)
        await context.line(`create subscription group to ${broker.address} success.`)
      }
      const fields = groupFields(config).map(
        ([name, value]) => `${name}=${name === 'subscriptionDataSet' && value === '' ? 'null' : value}`,
      )
      await context.print(`SubscriptionGroupConfig{${fields.join(', ')}}`)
    },
  },
  {
    name: 'deleteSubGroup',
    about: 'Deletes a group.',
    options: [
      ...target,
      required('g', 'groupName', 'name of the group'),
      optional('r', 'removeOffset', 'true: also how far it was'),
    ],
    async run(context) {
      const groupName = context.need('groupName')
      const cluster = context.value('brokerAddr') === undefined ? context.value('clusterName') : undefined
      const header = { groupName, cleanOffset: context.value('removeOffset') === 'true' }
      for (const broker of await context.targets()) {
        await context.ask(broker, commands.deleteSubscriptiongroup, header)
        const where = cluster === undefined ? '' : ` in cluster [${cluster}]`
        await context.line(`delete subscription group [${groupName}] from broker [${broker.address}]${where} success.`)
      }
      if (cluster === undefined) return
      for (const name of [retryTopicOf(groupName), `%DLQ%${groupName}`]) {
        for (const broker of await context.mastersOf(cluster))
          await context.ask(broker, commands.deleteTopicInBroker, { topic: name })
        await context.client.nameServers.askEach(
          commands.deleteTopicInNamesrv,
          { topic: name, clusterName: cluster },
          context.deadline,
        )
      }
    },
  },
  {
    name: 'getConsumerConfig',
    about: 'Shows how a group is set on each broker.',
    options: [required('g', 'groupName', 'name of the group')],
    async run(context) {
      const name = context.need('groupName')
      const { brokerAddrTable } = await context.clusterInfo()
      let isKnown = false
      for (const { brokerName, cluster, brokerAddrs } of [...brokerAddrTable.values()].sort((one, other) =>
        one.brokerName < other.brokerName ? -1 : 1,
      )) {
        const address = brokerAddrs.get(0)
        if (address === undefined) continue
        const { read } = await context.ask({ name: brokerName, address }, commands.getAllSubscriptiongroupConfig, {})
        const config = read(subscriptionGroupTableBody.decode).subscriptionGroupTable.get(name)
        if (config === undefined) continue
        isKnown = true
        await context.line(`=============================${cluster}:${brokerName}=============================`)
        for (const [key, value] of groupFields(config)) await context.print(formatted('%-40s=  %s\n', key, value))
      }
      if (!isKnown) throw new CommandError(`no broker has a group ${name}`)
    },
  },
]

/** All settings of a group, in the order and the words of the official tools. */
function groupFields(config: SubscriptionGroupConfig): [name: string, value: string][] {
  const { groupRetryPolicy, subscriptionDataSet } = config
  return [
    ['groupName', config.groupName],
    ['consumeEnable', String(config.consumeEnable)],
    ['consumeFromMinEnable', String(config.consumeFromMinEnable)],
    ['consumeBroadcastEnable', String(config.consumeBroadcastEnable)],
    ['consumeMessageOrderly', String(config.consumeMessageOrderly)],
    ['retryQueueNums', String(config.retryQueueNums)],
    ['retryMaxTimes', String(config.retryMaxTimes)],
    ['groupRetryPolicy', retryPolicyText(groupRetryPolicy)],
    ['brokerId', String(config.brokerId)],
    ['whichBrokerWhenConsumeSlowly', String(config.whichBrokerWhenConsumeSlowly)],
    ['notifyConsumerIdsChangedEnable', String(config.notifyConsumerIdsChangedEnable)],
    ['groupSysFlag', String(config.groupSysFlag)],
    ['consumeTimeoutMinute', String(config.consumeTimeoutMinute)],
    ['subscriptionDataSet', subscriptionDataSet === undefined ? '' : JSON.stringify(subscriptionDataSet)],
    ['attributes', javaMap(config.attributes)],
  ]
}

function retryPolicyText({ type, exponentialRetryPolicy, customizedRetryPolicy }: GroupRetryPolicy): string {
  let [exponential, customized] = ['null', 'null']
  if (exponentialRetryPolicy !== undefined) {
    const { initial, max, multiplier } = exponentialRetryPolicy
    exponential = `ExponentialRetryPolicy{initial=${initial}, max=${max}, multiplier=${multiplier}}`
  }
  if (customizedRetryPolicy !== undefined) {
    customized = `CustomizedRetryPolicy{next=[${customizedRetryPolicy.next.join(', ')}]}`
  }
  return `GroupRetryPolicy{type=${type}, exponentialRetryPolicy=${exponential}, customizedRetryPolicy=${customized}}`
}

/** @throws UsageError */
function retryPolicyOf(context: ToolContext): Pick<SubscriptionGroupConfig, 'groupRetryPolicy'> | undefined {
  const text = context.value('groupRetryPolicy')
  if (text === undefined) return undefined
  try {
    const groupRetryPolicy: unknown = JSON.parse(text)
    const config = { groupName: context.need('groupName'), groupRetryPolicy }
    return {
      groupRetryPolicy: subscriptionGroupConfigBody.decode(Buffer.from(JSON.stringify(config))).groupRetryPolicy,
    }
  } catch (error) {
    const example = '{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}'
    throw new UsageError(`groupRetryPolicy is ${text}: ${(error as Error).message}; an example: ${example}`)
  }
}

/** Attributes by their names, each with its sign. @throws UsageError */
function attributesOf(context: ToolContext): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const part of (context.value('attributes') ?? '').split(',')) {
    if (part.trim() === '') continue
    const match = /^\s*(?:(\+[^=]+)=(.*)|(-[^=]+))$/s.exec(part)
    if (match === null) throw new UsageError(`attributes has ${part}: write +name=value to set one, -name to remove it`)
    const [, set, value = '', removed] = match
    attributes.set((set ?? removed)!.trim(), value.trim())
  }
  return attributes
}
