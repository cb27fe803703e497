import { commands, consumerStatusBody, ProtocolError, responseCodes } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerGroupView } from '../../clients/index.ts'

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
    const answers = await Promise.all(
      asked.map(async ({ link, clientId }) => {
        const header = { group, topic }
        const { code, body } = await link.invoke(commands.getConsumerStatusFromClient, header, {
          timeoutMs: clientTimeoutMs,
        })
        if (code !== responseCodes.SUCCESS.code || body === undefined) return undefined
        return [clientId, consumerStatusBody.decode(body).messageQueueTable] as const
      }),
    )
    const consumerTable = new Map(answers.filter((answer) => answer !== undefined))
    return { body: consumerStatusBody.encode({ messageQueueTable: [], consumerTable }) }
  }
}
