import { commands, consumerStatusBody, ProtocolError, responseCodes } from '@rocketmq-ts/protocol'
import { ConnectionLostError, type Handler, RequestTimeoutError } from '@rocketmq-ts/remoting'
import type { ClientConnection, ConsumerGroupView } from '../../clients/index.ts'

export interface ConsumerStatusParts {
  consumers: { get(group: string): ConsumerGroupView | undefined }
}

const clientTimeoutMs = 5000

/** INVOKE_BROKER_TO_GET_CONSUMER_STATUS: asks the members of a group how far they are in their queues. */
export function invokeBrokerToGetConsumerStatus(
  parts: ConsumerStatusParts,
): Handler<typeof commands.invokeBrokerToGetConsumerStatus> {
  return async ({ group, topic, clientAddr }) => {
    const members = parts.consumers.get(group)?.clients() ?? []
    if (members.length === 0) {
      throw new ProtocolError('SYSTEM_ERROR', `No Any Consumer online in the consumer group: [${group}]`)
    }
    const asked = members.filter(
      ({ clientId }) => clientAddr === undefined || clientAddr === '' || clientAddr === clientId,
    )
    const answers = await Promise.all(asked.map((member) => statusOf(member, group, topic)))
    const consumerTable = new Map(answers.filter((answer) => answer !== undefined))
    return { body: consumerStatusBody.encode({ messageQueueTable: [], consumerTable }) }
  }
}

/** A member that is gone or does not answer is left out: the others' answers are worth having. */
async function statusOf({ link, clientId }: ClientConnection, group: string, topic: string) {
  const header = { group, topic }
  const asking = link.invoke(commands.getConsumerStatusFromClient, header, { timeoutMs: clientTimeoutMs })
  const answer = await asking.catch((error: unknown) => {
    if (error instanceof RequestTimeoutError || error instanceof ConnectionLostError) return undefined
    throw error
  })
  if (answer?.code !== responseCodes.SUCCESS.code || answer.body === undefined) return undefined
  return [clientId, consumerStatusBody.decode(answer.body).messageQueueTable] as const
}
