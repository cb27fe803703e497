import { type commands, ProtocolError, parseOffsetMessageId, transactionChecksOverTopic } from '@rocketmq-ts/protocol'
import { answeredLater, type Handler } from '@rocketmq-ts/remoting'
import type { MessageSink } from '../../intake/intake.ts'
import { storedPut } from '../../sending/put-reply.ts'
import { decodedRecord } from '../../stored-message.ts'
import { resumedHalf } from '../half-message.ts'

export interface ResumeCheckParts {
  store: { recordAt(physicalOffset: number): Promise<Buffer | undefined> }
  sink: MessageSink
  storeHost: Buffer
}

/**
 * RESUME_CHECK_HALF_MESSAGE: a transaction that was given up, since its producers were asked too often, is asked about
 * anew. It is named by the id of the message in the topic of those.
 */
export function resumeCheckHalfMessage(parts: ResumeCheckParts): Handler<typeof commands.resumeCheckHalfMessage> {
  return async (header, call): Promise<typeof answeredLater> => {
    const kept = decodedRecord(await parts.store.recordAt(positionOf(header.msgId ?? '')))
    if (kept === undefined || kept.topic !== transactionChecksOverTopic) {
      const remark = `${header.msgId} is no message of ${transactionChecksOverTopic}: give the offset message id of one`
      throw new ProtocolError('SYSTEM_ERROR', remark)
    }
    parts.sink.put([resumedHalf(kept, parts.storeHost)], (outcome) => {
      try {
        const { code, remark } = storedPut(outcome)
        call.answer(remark === undefined ? { code } : { code, remark })
      } catch (error) {
        call.fail(error)
      }
    })
    return answeredLater
  }
}

function positionOf(msgId: string): number {
  try {
    return parseOffsetMessageId(msgId).physicalOffset
  } catch (error) {
    throw new ProtocolError('SYSTEM_ERROR', (error as Error).message)
  }
}
