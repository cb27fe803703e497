import type { Log } from '@rocketmq-ts/platform'
import { commands, decodeMessageProperties, propertyName, type RequestOf, responseCodes } from '@rocketmq-ts/protocol'
import type { ClientLink } from '../clients/index.ts'
import { withProperties } from '../intake/property-text.ts'

type Reply = RequestOf<typeof commands.sendReplyMessage>

export interface PushReplyParts {
  log: Log
  /** `host:port` of this broker, as clients know it. */
  brokerAddress: string
  /** Living connections of a client, in whatever groups it is. */
  connectionsOf(clientId: string): readonly ClientLink[]
}

/** Milliseconds that a client has to take a reply, over whichever of its connections. */
const clientTimeoutMs = 10_000
/** So many connections are tried: a client may open as many as it likes. */
const connectionsTried = 4

/**
 * Hands a reply to the client that asked, over one of its connections after the other until one takes it.
 * @param from who replies: its `host:port`
 * @param nowMs milliseconds since 1970
 * @returns why nobody took it; undefined when the client has it
 */
export async function pushReply(
  reply: Reply,
  body: Buffer,
  from: string,
  nowMs: number,
  { log, brokerAddress, connectionsOf }: PushReplyParts,
): Promise<string | undefined> {
  const text = reply.properties ?? ''
  const clientId = decodeMessageProperties(text).get(propertyName.replyToClient)
  if (clientId === undefined)
    return `reply message properties[${propertyName.replyToClient}] is null: who asked is not told`
  const links = connectionsOf(clientId)
  if (links.length === 0) return `push reply message fail, channel of <${clientId}> not found: the client is gone`
  const header: RequestOf<typeof commands.pushReplyMessageToClient> = {
    producerGroup: reply.producerGroup ?? '',
    topic: reply.topic,
    defaultTopic: reply.defaultTopic,
    defaultTopicQueueNums: reply.defaultTopicQueueNums,
    queueId: reply.queueId,
    sysFlag: reply.sysFlag,
    bornTimestamp: reply.bornTimestamp,
    flag: reply.flag,
    properties: withProperties(text, { [propertyName.pushReplyTime]: String(nowMs) }),
    reconsumeTimes: reply.reconsumeTimes,
    unitMode: reply.unitMode ?? false,
    bornHost: from,
    storeHost: brokerAddress,
    storeTimestamp: nowMs,
  }
  const tried = links.slice(0, connectionsTried)
  const timeoutMs = clientTimeoutMs / tried.length
  for (const link of tried) {
    const refusal = await refusalOf(link, header, body, timeoutMs)
    if (refusal === undefined) return undefined
    log.warn({ clientId, peer: link.remoteAddress, reason: refusal }, 'a client did not take a reply')
  }
  return `push reply message to ${clientId} fail: none of ${tried.length} of its ${links.length} connections took it`
}

async function refusalOf(
  link: ClientLink,
  header: RequestOf<typeof commands.pushReplyMessageToClient>,
  body: Buffer,
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    const answer = await link.invoke(commands.pushReplyMessageToClient, header, { body, timeoutMs })
    if (answer.code === responseCodes.SUCCESS.code) return undefined
    return `code ${answer.code}${answer.remark === undefined ? '' : `: ${answer.remark}`}`
  } catch (error) {
    return (error as Error).message
  }
}
