import type { commands } from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { LiteReceipts } from '../lite-receipts.ts'
import type { OrderAcks } from '../order-acks.ts'
import { checkedReceipt, type ReceiptCheckParts } from '../receipt-checks.ts'
import type { ReceiptWriter } from '../receipt-writer.ts'

export interface AckParts extends ReceiptCheckParts {
  writer: ReceiptWriter
  orderAcks: OrderAcks
  onAcknowledged(group: string, topic: string, count: number): void
  lite: LiteReceipts
}

/** ACK_MESSAGE: a group is done with a message, which does not come again. */
export function ackMessage(parts: AckParts): Handler<typeof commands.ackMessage> {
  return (header, call) => {
    const { liteTopic } = header
    if (isNamed(liteTopic)) {
      parts.lite.acknowledge({ ...header, liteTopic })
      return {}
    }
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

/** Whether a message is named as one of a lite topic. */
export function isNamed(liteTopic: string | undefined): liteTopic is string {
  return liteTopic !== undefined && liteTopic.trim() !== ''
}
