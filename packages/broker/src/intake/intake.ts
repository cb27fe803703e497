import { halfTopic, ProtocolError, propertiesBytesMax, type TopicConfig } from '@rocketmq-ts/protocol'
import type { PutOutcome, StoreMessage } from '@rocketmq-ts/storage'
import { type Origin, type TimerDecision, type Transform, transforms } from './transforms.ts'

/** Where messages go that have been taken in. */
export interface MessageSink {
  put(messages: readonly StoreMessage[], done: (outcome: PutOutcome) => void): void
}

export interface IntakeParts {
  /** Makes a topic of the system that is missing. */
  topics: { ensureInternal(topic: string, queueNums: number): TopicConfig }
  highestDelayLevel: number
  /** For messages whose senders name a time; left out for those that are due. */
  timer?: TimerDecision
  /** Bytes that a body may have; undefined for messages that were taken before. */
  bodyBytesMax?: () => number
}

/** What every message goes through before it is stored: it becomes what it is to be, and its sizes are checked. */
export class Intake {
  readonly #parts: IntakeParts
  readonly #transforms: readonly Transform[]
  /** Of all transforms that a property decides about. */
  readonly #marks: number

  constructor(origin: Origin, parts: IntakeParts) {
    this.#parts = parts
    this.#transforms = transforms.filter(({ origins }) => origins.includes(origin))
    this.#marks = this.#transforms.reduce((sum, { marks }) => sum | marks, 0)
  }

  /**
   * An ordinary message stays the same object: two comparisons tell that nothing concerns it.
   * @param redeliveriesMax redeliveries after which a message to a retry topic goes to the dead letters
   * @returns the message as it is to be stored
   * @throws ProtocolError MESSAGE_ILLEGAL when it is too large as it is to be stored
   */
  take(message: StoreMessage, redeliveriesMax = Number.POSITIVE_INFINITY): StoreMessage {
    const isOrdinary = message.reconsumeTimes <= redeliveriesMax && !message.properties.hasAny(this.#marks)
    const taken = isOrdinary ? message : this.#transformed(message, redeliveriesMax)
    const { bodyBytesMax } = this.#parts
    if (bodyBytesMax !== undefined) checkBodySize(taken.body.length, bodyBytesMax())
    checkPropertiesSize(taken.properties.bytes.length)
    return taken
  }

  #transformed(message: StoreMessage, redeliveriesMax: number): StoreMessage {
    const { topics, highestDelayLevel, timer } = this.#parts
    const rules = { highestDelayLevel, redeliveriesMax, timer }
    const taken = this.#transforms.reduce(
      // A half message is nothing else until it is committed.
      (before, { apply }) => (before.topic === halfTopic ? before : apply(before, rules)),
      message,
    )
    if (taken.topic !== message.topic) topics.ensureInternal(taken.topic, 1)
    return taken
  }
}

/** @throws ProtocolError MESSAGE_ILLEGAL naming the limit and what to do */
export function checkBodySize(bytes: number, bytesMax: number): void {
  if (bytes <= bytesMax) return
  const advice = 'send a smaller message, or raise maxMessageSize of the broker'
  throw new ProtocolError('MESSAGE_ILLEGAL', `a body of ${bytes} bytes is over ${bytesMax}: ${advice}`)
}

function checkPropertiesSize(bytes: number): void {
  if (bytes <= propertiesBytesMax) return
  const remark =
    `properties of ${bytes} bytes, with what the broker adds, are over ${propertiesBytesMax}: ` +
    'send fewer or shorter ones'
  throw new ProtocolError('MESSAGE_ILLEGAL', remark)
}
