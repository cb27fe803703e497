import {
  checkClientBody,
  type commands,
  ProtocolError,
  parseTagExpression,
  TagExpressionError,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { refuseUnservedFilter } from '../../reading/filter-kinds.ts'

/** CHECK_CLIENT_CONFIG: whether a subscription that a client is about to start with can be served. */
export function checkClientConfig(): Handler<typeof commands.checkClientConfig> {
  return (_header, call) => {
    // A request that names no subscription asks for nothing that could be missing.
    if (call.body.length === 0) return {}
    const { subscriptionData } = checkClientBody.decode(call.body)
    if (subscriptionData === undefined) return {}
    refuseUnservedFilter(subscriptionData.expressionType)
    try {
      parseTagExpression(subscriptionData.subString)
    } catch (error) {
      if (error instanceof TagExpressionError) throw new ProtocolError('SUBSCRIPTION_PARSE_FAILED', error.message)
      throw error
    }
    return {}
  }
}
