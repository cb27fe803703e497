import type { Clock } from '@rocketmq-ts/platform'
import { type commands, ProtocolError, popCountMax } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { checkedTopic, type PopCheckParts } from '../pop-checks.ts'
import { type PopPlanParts, popPlan } from '../pop-plan.ts'
import type { PopReader } from '../pop-reader.ts'
import type { PopRecovery } from '../pop-recovery.ts'

export interface PeekParts extends PopCheckParts, Omit<PopPlanParts, 'topics' | 'groups'> {
  reader: Pick<PopReader, 'peek'>
  recovery: PopRecovery
  clock: Clock
  onGiven(group: string, topic: string, count: number, byteCount: number): void
  onTook(group: string, topic: string, queueId: number, elapsedMs: number): void
}

/** PEEK_MESSAGE: the messages that a group would be given next by POP, which stay where they are. */
export function peekMessage(parts: PeekParts): Handler<typeof commands.peekMessage> {
  return async (header) => {
    const startMs = parts.clock.turnTime()
    if (!parts.recovery.isLoaded) await parts.recovery.load()
    const config = checkedTopic(header, parts)
    const { topic, consumerGroup: group, queueId, maxMsgNums: countMax } = header
    if (countMax < 1 || countMax > popCountMax) {
      throw new ProtocolError('INVALID_PARAMETER', `maxMsgNums is ${countMax}: give 1 to ${popCountMax}`)
    }
    const queues = popPlan({ topic, group, queueId, isOrdered: false }, config, parts)
    const { records, restCount } = await parts.reader.peek(group, queues, countMax)
    // What may be read by whom may have changed while files were read.
    checkedTopic(header, parts)
    const told = { popTime: 0, invisibleTime: 0, reviveQid: 0, restNum: restCount }
    if (records.length === 0) return { code: 'PULL_NOT_FOUND', remark: 'NO_MESSAGE_IN_QUEUE', header: told }
    const byteCount = records.reduce((sum, { length }) => sum + length, 0)
    parts.onGiven(group, topic, records.length, byteCount)
    parts.onTook(group, topic, queueId, parts.clock.turnTime() - startMs)
    return { remark: 'FOUND', header: told, body: records }
  }
}
