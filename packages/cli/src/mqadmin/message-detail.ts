import { readAnswer } from '@rocketmq-ts/client/raw'
import {
  type ConsumerConnection,
  commands,
  consumerConnectionBody,
  propertyName,
  responseCodeName,
  responseCodes,
  retryTopicOf,
} from '@rocketmq-ts/protocol'
import { noneUnlessAborted } from '../describe-failure.ts'
import type { DecodeBody } from './charset.ts'
import { brokerOf } from './message-tools.ts'
import { detailText, type ShownMessage } from './shown-message.ts'
import type { ToolContext } from './tool.ts'
import { groupsOf, mastersOf, routeOf } from './topic-tools.ts'

const bodyFolder = '/tmp/rocketmq/msgbodys'

interface DetailOptions {
  /** With the id of its place. */
  readonly withPlace: boolean
  /** Behind each group. */
  readonly between: string
  /** How the body itself is shown; not at all without it. */
  readonly decode?: DecodeBody | undefined
}

/** All of a message, and what became of it in each group; its body goes to a file. */
export async function printDetail(
  context: ToolContext,
  message: ShownMessage,
  { between, ...shown }: DetailOptions,
): Promise<void> {
  const path = `${bodyFolder}/${bodyFileName(message)}`
  await context.session.host.replacePrivateFile(path, message.body)
  await context.print(detailText(message, path, shown))
  const route = await routeOf(context, message.record.topic)
  const groups = await groupsOf(context, route, message.record.topic)
  await context.print('\n\n')
  for (const group of groups) await context.print(`${await trackOf(context, group, message)}${between}`)
}

/** The id is a property that any producer may have set: what could lead out of the folder names no file. */
function bodyFileName({ messageId, placeId }: Pick<ShownMessage, 'messageId' | 'placeId'>): string {
  return /^[\w-][\w.@#:-]{0,199}$/.test(messageId) ? messageId : placeId
}

/** What became of a message in a group. */
async function trackOf(context: ToolContext, group: string, message: ShownMessage): Promise<string> {
  const track = (type: string, why: string | null): string =>
    `MessageTrack [consumerGroup=${group}, trackType=${type}, exceptionDesc=${why}]`
  const { topic: name, queueId, queueOffset } = message.record
  const broker = await brokerOf(context, { topic: name, broker: message.broker, queueId })
  const retry = await routeOf(context, retryTopicOf(group)).catch(noneUnlessAborted)
  const [member = broker] = retry === undefined ? [] : mastersOf(retry.brokerDatas)
  const command = commands.getConsumerConnectionList
  const answer = await context.client.ask(member, { command, header: { consumerGroup: group } }, context.deadline)
  if (answer.code !== responseCodes.SUCCESS.code) {
    const type = responseCodeName(answer.code) === 'CONSUMER_NOT_ONLINE' ? 'NOT_ONLINE' : 'UNKNOWN'
    return track(type, `CODE:${answer.code} DESC:${answer.remark}`)
  }
  const connections: ConsumerConnection = readAnswer(command.name, { broker: member.name }, () =>
    consumerConnectionBody.decode(answer.body ?? Buffer.alloc(0)),
  )
  if (connections.consumeType === 'CONSUME_ACTIVELY') return track('PULL', null)
  if (connections.messageModel === 'BROADCASTING') return track('CONSUME_BROADCASTING', null)
  const header = { consumerGroup: group, topic: name, queueId, setZeroIfNotFound: false }
  const committed = await context.calls.askOr(broker, commands.queryConsumerOffset, header, context.deadline, [
    'QUERY_NOT_FOUND',
  ])
  if (committed === undefined || committed.header.offset <= queueOffset) return track('NOT_CONSUME_YET', null)
  const wanted = connections.subscriptionTable.get(name)?.tagsSet ?? []
  const tag = message.properties.get(propertyName.tags) ?? ''
  const isFiltered = wanted.length > 0 && !wanted.includes('*') && !wanted.includes(tag)
  return track(isFiltered ? 'CONSUMED_BUT_FILTERED' : 'CONSUMED', null)
}
