import { type commands, consumerIdListBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ConsumerRegistry } from '../index.ts'

export interface ConsumerListParts {
  consumers: Pick<ConsumerRegistry, 'get'>
}

/** GET_CONSUMER_LIST_BY_GROUP: the members that divide the queues among them. */
export function getConsumerListByGroup(parts: ConsumerListParts): Handler<typeof commands.getConsumerListByGroup> {
  return ({ consumerGroup }) => {
    const consumerIdList = parts.consumers.get(consumerGroup)?.clientIds() ?? []
    if (consumerIdList.length === 0) {
      return { code: 'SYSTEM_ERROR', remark: `no consumer for this group, ${consumerGroup}`, extFields: {} }
    }
    return { extFields: {}, body: consumerIdListBody.encode({ consumerIdList }) }
  }
}
