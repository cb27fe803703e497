import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { LiteReceipts } from '../lite-receipts.ts'
import type { OrderAcks } from '../order-acks.ts'
import { checkInvisibleTime, tooMuchGiven } from '../pop-checks.ts'
import { checkedReceipt, type ReceiptCheckParts } from '../receipt-checks.ts'
import type { ReceiptWriter } from '../receipt-writer.ts'
import type { Receipts } from '../receipts.ts'
import { isNamed } from './ack-message.ts'

export interface ChangeInvisibleTimeParts extends ReceiptCheckParts {
  writer: ReceiptWriter
  receipts: Pick<Receipts, 'has' | 'openCount'>
  orderAcks: OrderAcks
  lite: LiteReceipts
  settings(): { timerMaxDelaySec: number; popCkMaxBufferSize: number }
  /** The receipt that ends counts as acknowledged, and the new one as given. */
  onChanged(group: string, topic: string): void
}

/**
 * CHANGE_MESSAGE_INVISIBLETIME: a message becomes visible again sooner or later than it was said when it was given out.
 * The receipt that it came with ends; the answer holds what makes the next one.
 */
export function changeMessageInvisibletime(
  parts: ChangeInvisibleTimeParts,
): Handler<typeof commands.changeMessageInvisibletime> {
  return (header, call) => {
    const { invisibleTime, suspend, liteTopic } = header
    if (invisibleTime < 0) {
      throw new ProtocolError('INVALID_PARAMETER', `invisibleTime is ${invisibleTime}: give milliseconds from now on`)
    }
    checkInvisibleTime(invisibleTime, parts.settings())
    if (isNamed(liteTopic)) {
      return { header: parts.lite.changeVisible({ ...header, liteTopic }, invisibleTime, suspend) }
    }
    const ended = checkedReceipt(header, parts)
    const { writer, receipts, orderAcks } = parts
    const { topic, group, queueId, reviveQueueId, queueOffset } = ended
    if (ended.isOrdered) {
      const visibleMs = orderAcks.changeVisible(ended, queueOffset, invisibleTime)
      const { popTime } = ended
      return { header: { popTime, invisibleTime: visibleMs - popTime, reviveQid: reviveQueueId } }
    }
    // One of an earlier life of the broker ends nothing that is counted.
    if (receipts.openCount >= parts.settings().popCkMaxBufferSize && !receipts.has(ended)) {
      throw new ProtocolError('SYSTEM_BUSY', tooMuchGiven(parts.settings().popCkMaxBufferSize))
    }
    const name = { topic, group, queueId, startOffset: queueOffset }
    const popTime = writer.popTime((time) => time === ended.popTime || receipts.has({ ...name, popTime: time }))
    const offsets = [queueOffset]
    const replaced = { startOffset: ended.startOffset, popTime: ended.popTime }
    const checkpoint = { ...name, popTime, invisibleTime, offsets, reviveQueueId, isSuspended: suspend, replaced }
    writer.change(ended, checkpoint, (refusal) => {
      if (refusal !== undefined) return call.fail(refusal)
      parts.onChanged(header.consumerGroup, header.topic)
      call.answer({ header: { popTime, invisibleTime, reviveQid: reviveQueueId } })
    })
    return answeredLater
  }
}
