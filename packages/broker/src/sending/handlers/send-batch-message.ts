import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { SendParts } from '../send-parts.ts'
import { sendMessage } from './send-message.ts'

/** SEND_BATCH_MESSAGE: a send whose body holds several messages, whether or not its header says so. */
export function sendBatchMessage(parts: SendParts): Handler<typeof commands.sendBatchMessage> {
  const send = sendMessage(parts)
  return (header, call) => send({ ...header, batch: true }, call)
}
