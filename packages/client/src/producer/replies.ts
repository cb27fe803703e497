import {
  type commands,
  decodeMessageProperties,
  encodeMessageProperties,
  propertyName,
  type RequestOf,
} from '@rocketmq-ts/protocol'
import type { Reply } from '@rocketmq-ts/remoting'
import type { Deadline } from '../calls/deadline.ts'
import { randomHex } from '../connection/client-id.ts'
import type { ClusterClient } from '../connection/cluster-client.ts'
import { plainMessage, type ReceivedMessage, receivedMessages } from '../messages/received-message.ts'
import { clientProperty } from '../messages/reserved-properties.ts'

/** A reply that a request waits for. */
export interface ExpectedReply {
  /** What the request says, so that the reply comes here. */
  readonly properties: Readonly<Record<string, string>>
  readonly arrival: Promise<ReceivedMessage>
  /** Nobody waits any more. */
  end(): void
}

/** Requests that wait for their replies, which brokers push to the client that asked. */
export class PendingReplies {
  readonly #client: ClusterClient
  readonly #pending = new Map<string, PromiseWithResolvers<ReceivedMessage>>()

  constructor(client: ClusterClient) {
    this.#client = client
  }

  expect(clientId: string, deadline: Deadline): ExpectedReply {
    const correlationId = randomHex(this.#client.runtime.random, 8)
    const pending = Promise.withResolvers<ReceivedMessage>()
    // The request itself may fail first.
    pending.promise.catch(() => {})
    this.#pending.set(correlationId, pending)
    return {
      properties: {
        [clientProperty.correlationId]: correlationId,
        [propertyName.replyToClient]: clientId,
        [clientProperty.timeToLiveMs]: String(Math.ceil(deadline.leftMs)),
      },
      arrival: pending.promise,
      end: () => void this.#pending.delete(correlationId),
    }
  }

  /** A broker has a reply. One that nobody waits for any more is taken all the same. */
  arrived(header: RequestOf<typeof commands.pushReplyMessageToClient>, body: Buffer): Reply {
    const properties = decodeMessageProperties(header.properties ?? '')
    const pending = this.#pending.get(properties.get(clientProperty.correlationId) ?? '')
    if (pending === undefined) return {}
    const [message] = receivedMessages(
      {
        topic: header.topic,
        queueId: header.queueId,
        queueOffset: 0,
        physicalOffset: 0,
        flag: header.flag,
        sysFlag: header.sysFlag,
        bornTimestamp: header.bornTimestamp,
        bornHost: hostOf(header.bornHost),
        storeTimestamp: header.storeTimestamp,
        storeHost: hostOf(header.storeHost),
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
        body,
        properties: encodeMessageProperties(properties),
        totalSize: body.length,
      },
      header.bname ?? '',
      this.#client.namespace,
    )
    try {
      pending.resolve(plainMessage(message!))
    } catch (error) {
      pending.reject(error)
    }
    return {}
  }
}

/** Java writes a leading slash. */
function hostOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(text.startsWith('/') ? 1 : 0, colon), port: Number(text.slice(colon + 1)) || 0 }
}
