import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { OrderAcks } from '../order-acks.ts'
import { checkedReceipt, type ReceiptCheckParts } from '../receipt-checks.ts'
import type { ReceiptWriter } from '../receipt-writer.ts'

export interface AckParts extends ReceiptCheckParts {
  writer: ReceiptWriter
  orderAcks: OrderAcks
  onAcknowledged(group: string, topic: string, count: number): void
}

/** ACK_MESSAGE: a group is done with a message, which does not come again. */
export function ackMessage(parts: AckParts): Handler<typeof commands.ackMessage> {
  return (header, call) => {
    refuseLite(header.liteTopic)
    const receipt = checkedReceipt(header, parts)
    if (receipt.isOrdered) {
      parts.orderAcks.acknowledge(receipt, receipt.queueOffset)
      parts.onAcknowledged(receipt.group, receipt.topic, 1)
      return {}
    }
    parts.writer.acknowledge(receipt, (refusal) => {
      if (refusal !== undefined) return call.fail(refusal)
      parts.onAcknowledged(receipt.group, receipt.topic, 1)
      call.answer({})
    })
    return answeredLater
  }
}

/** @throws ProtocolError when the message is named as one of a lite topic */
export function refuseLite(liteTopic: string | undefined): void {
  if (liteTopic === undefined || liteTopic === '') return
  throw new ProtocolError('INVALID_PARAMETER', 'lite topics are not served yet')
}
