import { commands, decodeRecallHandle, type RecallHandle } from '@rocketmq-ts/protocol'
import type { Deadline } from '../calls/deadline.ts'
import { defaultBackoff, retrying } from '../calls/retrying.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { invalidArgument } from '../rocketmq-error.ts'

/** @throws RocketMQError INVALID_ARGUMENT for what is no handle, and the broker's refusal */
export async function recallMessage(
  client: ClusterClient,
  group: string,
  topic: string,
  handle: string,
  deadline: Deadline,
): Promise<void> {
  const { topic: ofTopic, brokerName: broker } = decoded(handle)
  if (ofTopic !== topic) throw invalidArgument(`the recall handle is one of the topic ${ofTopic}, not of ${topic}`)
  const command = commands.recallMessage
  const header = { producerGroup: group, topic, recallHandle: handle, bname: broker }
  await client.routes.findToSend(topic, deadline)
  await retrying({
    deadline,
    random: client.runtime.random,
    backoff: defaultBackoff,
    attempt: async () => {
      const address = client.routes.knownMasterAddress({ topic, broker })
      await client.askForSuccess({ name: broker, address }, { command, header }, deadline)
    },
    onRetry: (error) => {
      client.learnFrom(error, topic)
      return error.code === 'NO_PERMISSION' ? 'never' : 'later'
    },
  })
}

function decoded(handle: string): RecallHandle {
  try {
    return decodeRecallHandle(handle)
  } catch (cause) {
    throw invalidArgument('that is no recall handle: take the recallHandle of a receipt', cause)
  }
}
