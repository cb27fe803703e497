import {
  commands,
  newSubscriptionGroupConfig,
  retryTopicOf,
  type SubscriptionGroupConfig,
  subscriptionGroupConfigBody,
  subscriptionGroupTableBody,
} from '@rocketmq-ts/protocol'
import { formatted, javaMap } from './java-text.ts'
import { optional, required, type Tool, target } from './tool.ts'

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
      for (const { brokerName, cluster, brokerAddrs } of [...brokerAddrTable.values()].sort((one, other) =>
        one.brokerName < other.brokerName ? -1 : 1,
      )) {
        const address = brokerAddrs.get(0)
        if (address === undefined) continue
        const { read } = await context.ask({ name: brokerName, address }, commands.getAllSubscriptiongroupConfig, {})
        const config = read(subscriptionGroupTableBody.decode).subscriptionGroupTable.get(name)
        if (config === undefined) continue
        await context.line(`=============================${cluster}:${brokerName}=============================`)
        for (const [key, value] of groupFields(config)) await context.print(formatted('%-40s=  %s\n', key, value))
      }
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
    [
      'groupRetryPolicy',
      `GroupRetryPolicy{type=${groupRetryPolicy.type}, exponentialRetryPolicy=null, customizedRetryPolicy=null}`,
    ],
    ['brokerId', String(config.brokerId)],
    ['whichBrokerWhenConsumeSlowly', String(config.whichBrokerWhenConsumeSlowly)],
    ['notifyConsumerIdsChangedEnable', String(config.notifyConsumerIdsChangedEnable)],
    ['groupSysFlag', String(config.groupSysFlag)],
    ['consumeTimeoutMinute', String(config.consumeTimeoutMinute)],
    ['subscriptionDataSet', subscriptionDataSet === undefined ? '' : JSON.stringify(subscriptionDataSet)],
    ['attributes', javaMap(config.attributes)],
  ]
}
