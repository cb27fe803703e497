import { commands } from '@rocketmq-ts/protocol'
import { Deadline, pauseUnless } from '../calls/deadline.ts'
import { backoffMs, defaultBackoff } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import type { RawMessage } from '../messages/received-message.ts'
import type { RocketMQError } from '../rocketmq-error.ts'

export interface SendBackParts {
  readonly client: ClusterClient
  readonly group: string
  /** Deliveries of a message at the most; the broker's setting of the group without it. */
  readonly attemptsMax: number | undefined
}

/**
 * Gives a message back to its broker, which delivers it again later, or puts it among the group's dead letters. It tries
 * until the broker has taken it: a message is never given up because its broker is gone for a while.
 * @param delayLevel 0 leaves the delay to the broker, -1 makes it a dead letter
 * @returns whether the broker has it; false when the signal ended it
 */
export async function sendBack(
  message: RawMessage,
  delayLevel: number,
  { client, group, attemptsMax }: SendBackParts,
  signal: AbortSignal,
): Promise<boolean> {
  const { clock, random } = client.runtime
  const { queue, messageId } = message
  for (let failures = 1; !signal.aborted; failures++) {
    const deadline = new Deadline(clock, { signal }, client.attemptTimeoutMs)
    try {
      await sendBackOnce(message, delayLevel, { client, group, attemptsMax }, deadline)
      return true
    } catch (error) {
      if (signal.aborted) break
      const failure = error as RocketMQError
      client.log.warn({ messageId, ...queue, failures, err: failure }, 'a message could not be given back yet')
      client.learnFrom(failure, client.namespace.wrap(queue.topic))
    }
    await pauseUnless(signal, backoffMs(defaultBackoff, failures, random), clock)
  }
  return false
}

/**
 * One attempt of `sendBack`.
 * @throws RocketMQError when its broker has not taken it
 */
export async function sendBackOnce(
  message: Pick<RawMessage, 'queue' | 'physicalOffset' | 'messageId' | 'topic'>,
  delayLevel: number,
  { client, group, attemptsMax }: SendBackParts,
  deadline: Deadline,
): Promise<void> {
  const { queue, physicalOffset, messageId, topic } = message
  const address = client.routes.knownMasterAddress(queue)
  const command = commands.consumerSendMsgBack
  const header = {
    offset: physicalOffset,
    group,
    delayLevel,
    originMsgId: messageId,
    originTopic: client.namespace.wrap(topic),
    unitMode: false,
    // Brokers count deliveries after the first one.
    maxReconsumeTimes: attemptsMax === undefined ? undefined : attemptsMax - 1,
  }
  await client.askForSuccess({ name: queue.broker, address }, { command, header }, deadline)
}
