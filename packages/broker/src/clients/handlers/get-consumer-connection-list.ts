import { type commands, consumerConnectionBody, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { connectionRow } from '../connection-row.ts'
import type { ConsumerRegistry } from '../index.ts'
import { differencesShown, differenceText, type SubscriptionDifference } from '../subscription-differences.ts'

export interface ConsumerConnectionsParts {
  consumers: Pick<ConsumerRegistry, 'get'>
}

/**
 * GET_CONSUMER_CONNECTION_LIST: the members of a group and what they subscribe to. The remark tells where members
 * subscribe to different messages, of which the table shows the newest subscription alone.
 */
export function getConsumerConnectionList(
  parts: ConsumerConnectionsParts,
): Handler<typeof commands.getConsumerConnectionList> {
  return ({ consumerGroup }) => {
    const group = parts.consumers.get(consumerGroup)
    if (group === undefined) {
      throw new ProtocolError('CONSUMER_NOT_ONLINE', `the consumer group[${consumerGroup}] not online`)
    }
    const { consumeType, messageModel, consumeFromWhere } = group
    const differences = group.differences()
    return {
      ...(differences.length === 0 ? {} : { remark: remarkOf(consumerGroup, differences) }),
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

/** Characters; clients name themselves and their expressions as long as they like, and a header has an end. */
const remarkMax = 32_768

function remarkOf(group: string, differences: readonly SubscriptionDifference[]): string {
  const shown = differences.slice(0, differencesShown).map(differenceText).join('; ')
  const rest = differences.length > differencesShown ? `; and ${differences.length - differencesShown} more` : ''
  const remark = `members of ${group} subscribe to different messages, some of which nobody consumes: ${shown}${rest}`
  return remark.length > remarkMax ? `${remark.slice(0, remarkMax)}...` : remark
}
