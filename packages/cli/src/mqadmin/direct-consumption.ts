import {
  type ConsumerRunningInfo,
  commands,
  consumeDirectlyBody,
  consumerRunningInfoBody,
  retryTopicOf,
} from '@rocketmq-ts/protocol'
import { CommandError } from '../usage-error.ts'
import type { ShownMessage } from './shown-message.ts'
import type { ToolContext } from './tool.ts'
import { mastersOf, routeOf } from './topic-tools.ts'

/**
 * What a member of a group tells of itself.
 * @throws RocketMQError of the last broker when it does so by none, CommandError when there is none
 */
export async function runningInfoOf(
  context: ToolContext,
  group: string,
  clientId: string,
): Promise<ConsumerRunningInfo> {
  const given = context.value('brokerAddr')
  const { brokerDatas } = await routeOf(context, retryTopicOf(group))
  let failure: unknown
  for (const broker of given === undefined ? mastersOf(brokerDatas) : [{ name: given, address: given }]) {
    const header = { consumerGroup: group, clientId, jstackEnable: context.has('jstack') }
    try {
      const { read } = await context.ask(broker, commands.getConsumerRunningInfo, header)
      return read(consumerRunningInfoBody.decode)
    } catch (error) {
      failure = error
    }
  }
  throw failure ?? new CommandError(`no broker has the group ${group}`)
}

/** Whether messages can be handed to it: it handles them as they come. */
export function isPush({ properties }: ConsumerRunningInfo): boolean {
  return properties.get('PROP_CONSUME_TYPE') === 'CONSUME_PASSIVELY'
}

/** Lets a member of a group handle a message at once, and tells what came of it. Its progress stays as it is. */
export async function consumeDirectly(
  context: ToolContext,
  { record, broker, placeId }: ShownMessage,
  group: string,
  clientId: string,
): Promise<string> {
  const { brokerDatas } = await routeOf(context, record.topic)
  const master = mastersOf(brokerDatas).find(({ name }) => name === broker)
  if (master === undefined) throw new CommandError(`the route of ${record.topic} has no broker ${broker}`)
  const header = { consumerGroup: group, clientId, msgId: placeId, brokerName: broker, topic: record.topic }
  const { read } = await context.ask(master, commands.consumeMessageDirectly, header)
  const { order, autoCommit, consumeResult, remark, spentTimeMills } = read(consumeDirectlyBody.decode)
  const fields = [
    `order=${order}`,
    `autoCommit=${autoCommit}`,
    `consumeResult=${consumeResult ?? null}`,
    `remark=${remark ?? null}`,
    `spentTimeMills=${spentTimeMills}`,
  ]
  return `ConsumeMessageDirectlyResult [${fields.join(', ')}]`
}
