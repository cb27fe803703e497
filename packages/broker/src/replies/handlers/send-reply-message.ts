import { type commands, offsetMessageIds, propertyName } from '@rocketmq-ts/protocol'
import type { Handler, Reply } from '@rocketmq-ts/remoting'
import type { PutOutcome } from '@rocketmq-ts/storage'
import { withProperties } from '../../intake/property-text.ts'
import { admit } from '../../sending/admit.ts'
import { bornHostOf } from '../../sending/host-cache.ts'
import { refuseUncompactable } from '../../sending/refused-kinds.ts'
import type { SendParts } from '../../sending/send-parts.ts'
import type { SendTarget } from '../../sending/send-target.ts'
import { type PushReplyParts, pushReply } from '../push-reply.ts'

type ReplyCommand = typeof commands.sendReplyMessage

export interface SendReplyParts extends PushReplyParts {
  send: SendParts
  settings(): { storeReplyMessageEnable: boolean }
}

/** Of a reply that is not stored: clients need them to be there. */
const notStored = { msgId: '0', queueOffset: 0 }

/**
 * SEND_REPLY_MESSAGE: a reply goes to the client that asked. With storeReplyMessageEnable it is stored too, whether or not
 * the client could be reached; it is the client that the answer is about.
 */
export function sendReplyMessage(parts: SendReplyParts): Handler<ReplyCommand> {
  return async (header, call) => {
    const { send, log } = parts
    const { regionId, traceOn } = send.settings()
    const told = { [propertyName.messageRegion]: regionId, [propertyName.traceOn]: String(traceOn) }
    const text = withProperties(header.properties ?? '', told)
    const properties = send.brokerProperties.encode(text)
    const target = admit(header, properties, send, call)
    // The request's memory is used for others after this turn.
    const body = Buffer.from(call.body)
    const message = send.intake.take(
      {
        topic: target.topic,
        queueId: target.queueId,
        flag: header.flag,
        sysFlag: header.sysFlag,
        bornTimestamp: header.bornTimestamp,
        bornHost: bornHostOf(call.connection),
        storeHost: send.storeHost,
        reconsumeTimes: header.reconsumeTimes ?? 0,
        preparedTransactionOffset: 0,
        body,
        properties,
      },
      target.redeliveriesMax,
    )
    if (target.memo?.needsKey === true) refuseUncompactable(message, send.compactedBytesMax)
    const failure = await pushReply(
      { ...header, properties: text },
      body,
      call.connection.remoteAddress,
      send.clock.now(),
      parts,
    )
    let stored: PutOutcome | undefined
    if (parts.settings().storeReplyMessageEnable) {
      stored = await new Promise<PutOutcome>((resolve) => send.sink.put([message], resolve))
      if (stored.kind === 'refused') {
        log.warn({ topic: target.topic, reason: stored.reason }, 'a reply is not stored')
      }
    }
    if (target.memo === undefined) await send.whenRegistered()
    return answerOf(failure, stored, target, send)
  }
}

function answerOf(
  failure: string | undefined,
  stored: PutOutcome | undefined,
  target: SendTarget,
  { storeHostHex, settings }: SendParts,
): Reply<ReplyCommand> {
  const { regionId, traceOn } = settings()
  const place =
    stored === undefined || stored.kind === 'refused'
      ? notStored
      : { msgId: offsetMessageIds(storeHostHex, stored.places), queueOffset: stored.places[0]!.queueOffset }
  return {
    ...(failure === undefined ? {} : { code: 'SYSTEM_ERROR', remark: failure }),
    header: { ...place, queueId: target.queueId, MSG_REGION: regionId, TRACE_ON: traceOn },
  }
}
