import { type DecodedMessage, findMessageProperty, halfTopic, propertyName } from '@rocketmq-ts/protocol'
import { asksForTime, timeOfHalf } from './half-message.ts'

/** What a producer says of its transaction. */
export interface EndRequest {
  producerGroup: string
  tranStateTableOffset: number
  commitLogOffset: number
  fromTransactionCheck: boolean
}

/** Why a transaction cannot be ended as asked; undefined when it can. */
export type EndRefusal = { code: 'SYSTEM_ERROR' | 'ILLEGAL_OPERATION'; remark: string } | undefined

/**
 * Checks what a producer says of a half message, in the order of the official broker.
 * @param transactionTimeOut milliseconds for a half whose time cannot be read
 * @param quoted what stands at the position that it names; undefined for nothing
 */
export function endRefusal(
  request: EndRequest,
  quoted: DecodedMessage | undefined,
  nowMs: number,
  transactionTimeOut: number,
): EndRefusal {
  if (quoted === undefined || quoted.topic !== halfTopic) return systemError('Find prepared transaction message failed')
  const { bornTimestamp, ownImmunityMs = transactionTimeOut } = timeOfHalf(quoted)
  const ageMs = nowMs - bornTimestamp
  // After that time its broker asks: an answer that comes by itself is one of before.
  if (!request.fromTransactionCheck && asksForTime(quoted) && ageMs > ownImmunityMs) {
    const remark = `the transaction is ${ageMs} ms old, and its ${propertyName.checkImmunitySeconds} is over: only an answer to a check ends it`
    return { code: 'ILLEGAL_OPERATION', remark }
  }
  const group = findMessageProperty(quoted.properties, propertyName.producerGroup)
  if (group !== request.producerGroup) return systemError('The producer group wrong')
  if (quoted.queueOffset !== request.tranStateTableOffset)
    return systemError('The transaction state table offset wrong')
  if (quoted.physicalOffset !== request.commitLogOffset) return systemError('The commit log offset wrong')
  return undefined
}

function systemError(remark: string): EndRefusal {
  return { code: 'SYSTEM_ERROR', remark }
}
