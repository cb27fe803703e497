import type { Clock, Log } from '@rocketmq-ts/platform'
import {
  type DecodedMessage,
  findMessageProperty,
  offsetMessageId,
  propertyName,
  retryTopicPrefix,
  type TracedMessage,
  type TransactionStep,
  traceMessageType,
} from '@rocketmq-ts/protocol'
import type { PutPlace, StoreMessage } from '@rocketmq-ts/storage'
import type { Identity } from '../identity.ts'
import type { MessageSink } from '../intake/intake.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { isWaitingTopic } from '../stored-message.ts'
import { TraceWriter } from './trace-writer.ts'

export interface TracesParts {
  clock: Clock
  log: Log
  identity: Identity
  settings(): BrokerSettings
  sink: MessageSink
  uniqueId(): string
}

/** A message that the broker stored by itself. */
export type StoredMessage = Pick<StoreMessage, 'topic' | 'properties' | 'body'>

/** Traces of what the broker does to messages by itself, in the topic of traces. */
export function createTraces({ clock, log, identity, settings, sink, uniqueId }: TracesParts) {
  const { storeHost, storeHostHex, brokerAddress } = identity
  const { msgTraceTopicName } = settings()
  const writer = new TraceWriter({ clock, log, sink, topic: msgTraceTopicName, storeHost, uniqueId })
  const isOn = (): boolean => settings().traceTopicEnable && settings().brokerTraceEnable
  const traced = (
    topic: string,
    properties: string,
    group: string,
    messageType: TracedMessage['messageType'],
  ): TracedMessage => ({
    regionId: settings().regionId,
    group,
    topic,
    messageId: findMessageProperty(properties, propertyName.uniqueKey) ?? '',
    tags: findMessageProperty(properties, propertyName.tags) ?? '',
    keys: findMessageProperty(properties, propertyName.keys) ?? '',
    storeHost: brokerAddress,
    messageType,
  })
  const isWanted = (properties: string) => findMessageProperty(properties, propertyName.traceOn) !== 'false'

  return {
    /**
     * The broker stored a message.
     * @param message as it is stored; one that waits in a topic of the system is traced under its own
     * @param storedBeforeMs milliseconds since 1970 at which it was stored before; undefined for the first time
     * @param group undefined for that of its retry topic
     */
    stored(
      { topic: storedTopic, properties: encoded, body }: StoredMessage,
      { physicalOffset, storeTimestamp }: PutPlace,
      type: keyof typeof traceMessageType,
      storedBeforeMs?: number,
      group?: string,
    ): void {
      if (!isOn()) return
      const properties = encoded.text
      if (!isWanted(properties)) return
      const real = isWaitingTopic(storedTopic) ? findMessageProperty(properties, propertyName.realTopic) : undefined
      const topic = real ?? storedTopic
      const ofTopic = topic.startsWith(retryTopicPrefix) ? topic.slice(retryTopicPrefix.length) : ''
      writer.add({
        kind: 'stored',
        ...traced(topic, properties, group ?? ofTopic, traceMessageType[type]),
        bodyLength: body.length,
        costMs: storedBeforeMs === undefined ? 0 : storeTimestamp - storedBeforeMs,
        offsetMessageId: offsetMessageId(storeHostHex, physicalOffset),
      })
    },
    /** A transaction ended, or its producers are asked about it. */
    transaction({ topic, properties }: DecodedMessage, state: TransactionStep['state'], fromCheck: boolean): void {
      if (!isOn() || !isWanted(properties)) return
      const group = findMessageProperty(properties, propertyName.producerGroup) ?? ''
      const type = state === 'COMMIT_MESSAGE' ? traceMessageType.committed : traceMessageType.half
      const real = findMessageProperty(properties, propertyName.realTopic) ?? topic
      writer.add({ kind: 'transaction', ...traced(real, properties, group, type), state, fromCheck })
    },
    close: () => writer.flush(),
  }
}

/** Told what the broker does to messages by itself. */
export type Traces = Pick<ReturnType<typeof createTraces>, 'stored' | 'transaction'>
