import {
  checkClientBody,
  type commands,
  ProtocolError,
  parseTagExpression,
  TagExpressionError,
} from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ExpressionCompiler } from '../../filters/index.ts'
import { isByTags } from '../../filters/is-by-tags.ts'

export interface CheckClientParts {
  compiler: Pick<ExpressionCompiler, 'compile' | 'checkEnabled'>
}

/** CHECK_CLIENT_CONFIG: whether a subscription that a client is about to start with can be served. */
export function checkClientConfig({ compiler }: CheckClientParts): Handler<typeof commands.checkClientConfig> {
  return (_header, call) => {
    // A request that names no subscription asks for nothing that could be missing.
    if (call.body.length === 0) return {}
    const { subscriptionData } = checkClientBody.decode(call.body)
    if (subscriptionData === undefined) return {}
    const { expressionType, subString } = subscriptionData
    if (isByTags(subscriptionData)) checkTags(subString)
    else {
      compiler.checkEnabled(expressionType)
      compiler.compile(expressionType, subString ?? '')
    }
    return {}
  }
}

function checkTags(expression: string | undefined): void {
  try {
    parseTagExpression(expression)
  } catch (error) {
    if (error instanceof TagExpressionError) throw new ProtocolError('SUBSCRIPTION_PARSE_FAILED', error.message)
    throw error
  }
}
