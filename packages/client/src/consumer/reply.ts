import { commands, encodeMessageProperties, propertyName, type RequestOf } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { type MessageBody, toBuffer } from '../messages/codec.ts'
import type { ReceivedMessage } from '../messages/received-message.ts'
import { clientProperty } from '../messages/reserved-properties.ts'
import { invalidArgument } from '../rocketmq-error.ts'
import { newTopicQueues } from '../routing/route-cache.ts'

/** Each cluster has a topic for replies. */
const replyTopicSuffix = '_REPLY_TOPIC'

/**
 * Replies to a message that was sent by `Producer.request`: its broker pushes the reply to the client that asked.
 * @throws RocketMQError INVALID_ARGUMENT when the message asks for no reply; the broker's refusal, for example when the client
 * that asked is gone
 */
export async function sendReply(
  client: ClusterClient,
  group: string,
  message: ReceivedMessage<unknown>,
  body: MessageBody,
  deadline: Deadline,
): Promise<void> {
  const { systemProperties, queue, messageId } = message
  const { correlationId, timeToLiveMs, messageType } = clientProperty
  const { cluster: clusterName, replyToClient } = propertyName
  const cluster = systemProperties[clusterName]
  const correlation = systemProperties[correlationId]
  const replyTo = systemProperties[replyToClient]
  if (cluster === undefined || correlation === undefined || replyTo === undefined) {
    throw invalidArgument(`the message ${messageId} asks for no reply`)
  }
  const address = client.routes.knownMasterAddress(queue)
  const command = commands.sendReplyMessageV2
  const header: RequestOf<typeof command> = {
    producerGroup: group,
    topic: cluster + replyTopicSuffix,
    defaultTopic: '',
    defaultTopicQueueNums: newTopicQueues,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: client.runtime.clock.now(),
    flag: 0,
    properties: encodeMessageProperties([
      [messageType, 'reply'],
      [correlationId, correlation],
      [replyToClient, replyTo],
      [timeToLiveMs, systemProperties[timeToLiveMs] ?? ''],
    ]),
    reconsumeTimes: 0,
    unitMode: false,
    brokerName: queue.broker,
  }
  await client.askForSuccess({ name: queue.broker, address }, { command, header, body: toBuffer(body) }, deadline)
}
