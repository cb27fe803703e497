import type { Clock } from '@rocketmq-ts/platform'
import type { commands, RequestOf } from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler } from '@rocketmq-ts/remoting'
import type { MessageFilterParts } from '../../reading/message-filter.ts'
import { type HeldPop, type HeldPops, holdRefusal } from '../held-pops.ts'
import type { OrderTable } from '../order-table.ts'
import { checkedTopic, type PopCheckParts, waitLeftMs } from '../pop-checks.ts'
import { type PopPlanParts, type PopPlanSettings, popPlan } from '../pop-plan.ts'
import type { PopReader } from '../pop-reader.ts'
import type { PopRecovery } from '../pop-recovery.ts'
import { popFilter } from './pop-message.ts'

type NotificationCommand = typeof commands.notification

export interface NotificationParts
  extends PopCheckParts,
    Omit<PopPlanParts, 'topics' | 'groups'>,
    Pick<MessageFilterParts, 'compiler' | 'filters'> {
  clock: Clock
  settings(): PopPlanSettings & ReturnType<MessageFilterParts['settings']>
  reader: Pick<PopReader, 'restIn'>
  orders: Pick<OrderTable, 'isBlocked'>
  held: HeldPops
  recovery: PopRecovery
}

/** NOTIFICATION: tells a member of a group when there are messages for it, which it asks for by POP then. */
export function notification(parts: NotificationParts): Handler<NotificationCommand> {
  return (header, call) => {
    checkedTopic(header, parts)
    checkExpression(header, parts)
    const waiting = new Notification(header, call, parts)
    const { recovery } = parts
    if (recovery.isLoaded) waiting.start()
    else
      recovery.load().then(
        () => waiting.start(),
        (error) => call.fail(error),
      )
    return answeredLater
  }
}

/**
 * A member is told of messages whatever they match: looking into them is left to POP, by the same expression.
 * @throws ProtocolError when POP would refuse the expression
 */
function checkExpression(header: RequestOf<NotificationCommand>, parts: NotificationParts): void {
  popFilter(header, parts)
}

class Notification implements HeldPop {
  readonly connectionId: number
  readonly topic: string
  readonly group: string
  readonly queueId: number
  readonly #header: RequestOf<NotificationCommand>
  readonly #call: Call<NotificationCommand>
  readonly #parts: NotificationParts

  constructor(header: RequestOf<NotificationCommand>, call: Call<NotificationCommand>, parts: NotificationParts) {
    this.connectionId = call.connection.id
    this.topic = header.topic
    this.group = header.consumerGroup
    this.queueId = header.queueId < 0 ? -1 : header.queueId
    this.#header = header
    this.#call = call
    this.#parts = parts
  }

  start(): void {
    if (this.retry()) return
    const { held, clock } = this.#parts
    const waitMs = waitLeftMs(this.#header, clock.now())
    if (waitMs <= 0) {
      this.giveUp()
      return
    }
    const limit = held.hold(this, waitMs)
    if (limit === undefined) return
    this.#call.answer({ remark: holdRefusal(limit), header: { hasMsg: false, pollingFull: true } })
  }

  /** It is small: it can always be answered. */
  whenAble(): void {}

  retry(): boolean {
    try {
      if (!this.#hasMessages()) return false
      this.#call.answer({ header: { hasMsg: true, pollingFull: false } })
    } catch (error) {
      this.#call.fail(error)
    }
    return true
  }

  giveUp(): void {
    this.#call.answer({ header: { hasMsg: false, pollingFull: false } })
  }

  #hasMessages(): boolean {
    const { reader, orders } = this.#parts
    const { topic, group, queueId } = this
    const { order, attemptId } = this.#header
    // They may have changed while it waited.
    const config = checkedTopic(this.#header, this.#parts)
    return popPlan({ topic, group, queueId, isOrdered: order }, config, this.#parts).some((queue) => {
      if (order && orders.isBlocked({ ...queue, group }, attemptId)) return false
      return reader.restIn(group, queue.topic, queue.queueId) > 0
    })
  }
}
