import type { Log } from '@rocketmq-ts/platform'
import type { ClientLink } from '../clients/index.ts'
import type { Identity } from '../identity.ts'
import type { SendParts } from '../sending/send-parts.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { sendReplyMessage } from './handlers/send-reply-message.ts'
import { sendReplyMessageV2 } from './handlers/send-reply-message-v2.ts'

export interface RepliesParts {
  log: Log
  identity: Identity
  settings(): BrokerSettings
  send: SendParts
  clients: { connectionsOf(clientId: string): readonly ClientLink[] }
}

/** Replies to those who sent a request as a message. */
export function createReplies({ log, identity, settings, send, clients }: RepliesParts) {
  const reply = {
    log,
    brokerAddress: identity.brokerAddress,
    settings,
    send,
    connectionsOf: (clientId: string) => clients.connectionsOf(clientId),
  }
  return { handlers: { sendReplyMessage: sendReplyMessage(reply), sendReplyMessageV2: sendReplyMessageV2(reply) } }
}
