import { queueShare } from '@rocketmq-ts/client/raw'
import {
  type AnyCommand,
  commands,
  createTopicListBody,
  messageRequestModeSettingBody,
  subscriptionGroupListBody,
} from '@rocketmq-ts/protocol'
import { CommandError, UsageError } from '../usage-error.ts'
import { optional, required, type Tool, type ToolContext, target, topic } from './tool.ts'

/** Tools that set many things at once, or one thing at many brokers. */
export const listTools: readonly Tool[] = [
  {
    name: 'updateTopicList',
    about: 'Makes topics, or changes them, as a file says.',
    options: [...target, required('f', 'filename', 'a JSON list of topics as brokers keep them')],
    async run(context) {
      const text = await fileText(context)
      if (text === undefined) return
      const { topicConfigList } = parsed(() => createTopicListBody.parse(`{"topicConfigList":${text}}`))
      if (topicConfigList.length === 0) return
      const body = createTopicListBody.encode({ topicConfigList })
      await submit(context, commands.updateAndCreateTopicList, body, ['topic config', 'topic config'])
    },
  },
  {
    name: 'updateSubGroupList',
    about: 'Makes groups, or changes them, as a file says.',
    options: [...target, required('f', 'filename', 'a JSON list of groups as brokers keep them')],
    async run(context) {
      const text = await fileText(context)
      if (text === undefined) return
      const { groupConfigList } = parsed(() => subscriptionGroupListBody.parse(`{"groupConfigList":${text}}`))
      if (groupConfigList.length === 0) return
      const body = subscriptionGroupListBody.encode({ groupConfigList })
      const words = ['group config', 'subscription group config'] as const
      await submit(context, commands.updateAndCreateSubscriptiongroupList, body, words)
    },
  },
  {
    name: 'setConsumeMode',
    about: 'Sets whether a group pulls or pops a topic.',
    options: [
      ...target,
      required('t', 'topicName', 'name of the topic'),
      required('g', 'groupName', 'name of the group'),
      required('m', 'mode', 'PULL or POP'),
      optional('q', 'popShareQueueNum', 'queues of others that each member asks too'),
    ],
    async run(context) {
      const [name, group, mode] = [context.need('topicName'), context.need('groupName'), context.need('mode')]
      if (mode !== 'PULL' && mode !== 'POP') throw new UsageError(`mode is ${mode}: give PULL or POP`)
      const popShareQueueNum = context.number('popShareQueueNum', 0)
      const body = messageRequestModeSettingBody.encode({ topic: name, consumerGroup: group, mode, popShareQueueNum })
      for (const broker of await context.targets()) {
        await context.ask(broker, commands.setMessageRequestMode, {}, body)
        await context.line(`set consume mode to ${broker.address} success.`)
      }
      await context.print(`topic[${name}] group[${group}] consume mode[${mode}] popShareQueueNum[${popShareQueueNum}]`)
    },
  },
  {
    name: 'allocateMQ',
    about: 'Shows how members would share the queues of a topic.',
    options: [topic, required('i', 'ipList', 'ids of the members, with commas between them')],
    async run(context) {
      const name = context.need('topic')
      const members = context.need('ipList').split(',')
      const { readQueues } = await context.client.routes.refresh(name, context.deadline)
      const result: Record<string, object[]> = {}
      for (const member of members) {
        const share = queueShare(readQueues, members, member) ?? []
        result[member] = share.map(({ broker, queueId }) => ({ brokerName: broker, queueId, topic: name }))
      }
      await context.line(JSON.stringify({ result }))
    },
  },
]

/** @returns undefined when there is no such file, which is said */
async function fileText(context: ToolContext): Promise<string | undefined> {
  const name = context.need('filename')
  const content = await context.session.host.readFile(name)
  if (content === undefined) await context.line(`the file path ${name} does not exists`)
  return content?.toString('utf8')
}

function parsed<Value>(parse: () => Value): Value {
  try {
    return parse()
  } catch (error) {
    throw new CommandError(`the file is no such list: ${(error as Error).message}`)
  }
}

/** @param words how the official tools name what one broker, and each of a cluster, is given */
async function submit<C extends AnyCommand>(
  context: ToolContext,
  command: C,
  body: Buffer,
  [ofBroker, ofCluster]: readonly [string, string],
): Promise<void> {
  const what = context.value('brokerAddr') === undefined ? ofCluster : ofBroker
  for (const broker of await context.targets()) {
    await context.ask(broker, command, {} as never, body)
    await context.line(`submit batch of ${what} to ${broker.address} success, please check the result later.`)
  }
}
