import { type BatchAck, batchAckRequestBody, type commands, ProtocolError, popTopicOf } from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import { checkedBatch } from '../receipt-checks.ts'
import type { AckParts } from './ack-message.ts'

type BatchAckCommand = typeof commands.batchAckMessage

/** One request does not hold up others. */
const acksMax = 4096

/**
 * BATCH_ACK_MESSAGE: messages of several receipts are acknowledged together. What can be is; the answer is success when
 * all are.
 */
export function batchAckMessage(parts: AckParts): Handler<BatchAckCommand> {
  return (_header, call) => {
    const { acks } = batchAckRequestBody.decode(call.body)
    if (acks.length === 0) throw new ProtocolError('NO_MESSAGE', 'the body names no messages to acknowledge')
    if (acks.length > acksMax) {
      throw new ProtocolError('INVALID_PARAMETER', `the body has ${acks.length} receipts: send at most ${acksMax}`)
    }
    let waitingCount = acks.length
    let firstRefusal: ProtocolError | undefined
    const settled = (refusal: ProtocolError | undefined): void => {
      firstRefusal ??= refusal
      if (--waitingCount > 0) return
      if (firstRefusal === undefined) call.answer({})
      else call.fail(firstRefusal)
    }
    for (const ack of acks) acknowledge(ack, parts, settled)
    return answeredLater
  }
}

function acknowledge(ack: BatchAck, parts: AckParts, settled: (refusal: ProtocolError | undefined) => void): void {
  try {
    const receipt = checkedBatch(ack, popTopicOf(ack.c, ack.t, sourceOf(ack)), parts)
    if (receipt.isOrdered) {
      for (const offset of receipt.offsets) parts.orderAcks.acknowledge(receipt, offset)
      parts.onAcknowledged(receipt.group, receipt.topic, receipt.offsets.length)
      settled(undefined)
      return
    }
    parts.writer.acknowledge(receipt, (refusal) => {
      if (refusal === undefined) parts.onAcknowledged(receipt.group, receipt.topic, receipt.offsets.length)
      settled(refusal)
    })
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    settled(error)
  }
}

function sourceOf({ r }: BatchAck): '0' | '1' | '2' {
  if (r === '0' || r === '1' || r === '2') return r
  throw new ProtocolError('MESSAGE_ILLEGAL', `the receipt's source is "${r.slice(0, 32)}": it is 0, 1 or 2`)
}
