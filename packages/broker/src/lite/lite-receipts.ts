import {
  isLightQueue,
  lightQueueId,
  liteQueueOf,
  orderedReviveQueueId,
  PopReceiptError,
  ProtocolError,
  parsePopReceipt,
} from '@rocketmq-ts/protocol'
import type { LiteReceiptHeader, LiteReceipts } from '../pop/lite-receipts.ts'
import type { OrderAcks } from '../pop/order-acks.ts'
import type { OrderTable } from '../pop/order-table.ts'
import type { LiteRules } from './lite-rules.ts'

export interface LiteReceiptParts {
  rules: LiteRules
  store: { maxOffset(topic: string, queueId: number): number }
  offsets: { offset(group: string, topic: string, queueId: number): number | undefined }
  orders: OrderTable
  orderAcks: OrderAcks
  onAcknowledged(group: string, topic: string, count: number): void
}

/** What clients of lite topics do with the messages that they were given. */
export function liteReceipts(parts: LiteReceiptParts): LiteReceipts {
  const { rules, store, offsets, orders, orderAcks } = parts
  const named = (header: LiteReceiptHeader) => {
    const { consumerGroup: group, topic: parent, liteTopic, offset } = header
    if (rules.parentOf(group) !== parent) {
      throw new ProtocolError('INVALID_PARAMETER', 'group type or bind topic not match.')
    }
    const topic = liteQueueOf(parent, liteTopic)
    const maxOffset = store.maxOffset(topic, lightQueueId)
    if (offset < 0 || offset >= maxOffset || !isLightQueue(topic)) {
      throw new ProtocolError('NO_MESSAGE', `ack offset illegal: ${offset} of ${liteTopic}, which ends at ${maxOffset}`)
    }
    const { popTime, reviveQueueId } = parsed(header.extraInfo)
    if (header.queueId !== lightQueueId || reviveQueueId !== orderedReviveQueueId) {
      throw new ProtocolError('INVALID_PARAMETER', 'ack queue illegal: send the receipt that came with the message')
    }
    return { topic, group, queueId: lightQueueId, popTime }
  }
  return {
    acknowledge(header) {
      const receipt = named(header)
      orderAcks.acknowledge(receipt, header.offset)
      parts.onAcknowledged(receipt.group, header.topic, 1)
    },
    changeVisible(header, afterMs, isSuspended) {
      const receipt = named(header)
      const { group, topic, queueId, popTime } = receipt
      const told = { popTime, reviveQid: orderedReviveQueueId }
      if (header.offset < (offsets.offset(group, topic, queueId) ?? 0)) return { ...told, invisibleTime: afterMs }
      if (isSuspended) orders.suspend(receipt, popTime)
      const visibleMs = orderAcks.changeVisible(receipt, header.offset, afterMs)
      return { ...told, invisibleTime: visibleMs - popTime }
    },
  }
}

function parsed(extraInfo: string): ReturnType<typeof parsePopReceipt> {
  try {
    return parsePopReceipt(extraInfo)
  } catch (error) {
    if (!(error instanceof PopReceiptError)) throw error
    throw new ProtocolError('INVALID_PARAMETER', `extraInfo is no receipt: ${error.message}`)
  }
}
