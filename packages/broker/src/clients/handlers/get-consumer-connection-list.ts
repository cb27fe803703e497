import { type commands, consumerConnectionBody, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { connectionRow } from '../connection-row.ts'
import type { ConsumerRegistry } from '../index.ts'

export interface ConsumerConnectionsParts {
  consumers: Pick<ConsumerRegistry, 'get'>
}

/** GET_CONSUMER_CONNECTION_LIST: the members of a group and what they subscribe to. */
export function getConsumerConnectionList(
  parts: ConsumerConnectionsParts,
): Handler<typeof commands.getConsumerConnectionList> {
  return ({ consumerGroup }) => {
    const group = parts.consumers.get(consumerGroup)
    if (group === undefined) {
      throw new ProtocolError('CONSUMER_NOT_ONLINE', `the consumer group[${consumerGroup}] not online`)
    }
    const { consumeType, messageModel, consumeFromWhere } = group
    return {
      body: consumerConnectionBody.encode({
        connectionSet: group.clients().map(connectionRow),
        subscriptionTable: new Map(group.subscriptions()),
        consumeType,
        messageModel,
        consumeFromWhere,
      }),
    }
  }
}
