import {
  type LogicQueue,
  type LogicQueueMappingItem,
  leaderItem,
  ProtocolError,
  type TopicQueueMappingDetail,
  toLogicalOffset,
} from '@rocketmq-ts/protocol'

/** A place in a queue. */
export interface QueuePlace {
  queueId: number
  queueOffset: number
}

/** A static topic as one broker has it: which of its logical queues the broker leads, and where their messages are. */
export class StaticTopic {
  readonly detail: TopicQueueMappingDetail
  readonly #brokerName: string
  /** Ids of the logical queues that the broker leads. */
  readonly #led: readonly number[]
  /** By the id of a queue of this broker: the logical queue, and the item in it. */
  readonly #own = new Map<number, { logicalId: number; item: LogicQueueMappingItem }>()

  /** @param brokerName of the broker itself */
  constructor(detail: TopicQueueMappingDetail, brokerName: string) {
    this.detail = detail
    this.#brokerName = brokerName
    const led: number[] = []
    for (const [logicalId, items] of detail.hostedQueues) {
      if (leaderItem(items)?.bname === brokerName) led.push(logicalId)
      for (const item of items) if (this.isHere(item)) this.#own.set(item.queueId, { logicalId, item })
    }
    this.#led = led
  }

  /** Whether the messages of the item are on this broker. */
  isHere({ bname }: LogicQueueMappingItem): boolean {
    return bname === this.#brokerName
  }

  /**
   * The items of a logical queue that this broker leads.
   * @throws ProtocolError NOT_LEADER_FOR_QUEUE when another broker leads it, or none
   */
  led(logicalId: number): LogicQueue {
    const items = this.detail.hostedQueues.get(logicalId)
    if (items !== undefined && leaderItem(items)?.bname === this.#brokerName) return items
    const remark = `this broker does not lead the logical queue ${logicalId} of ${this.detail.topic}: look up the route again`
    throw new ProtocolError('NOT_LEADER_FOR_QUEUE', remark)
  }

  /**
   * The queue of this broker that messages of a logical queue go to.
   * @param logicalId below 0 for any that the broker leads
   * @param below gives a number from 0 to below its argument, to choose by
   * @throws ProtocolError as `led`
   */
  queueToWrite(logicalId: number, below: (count: number) => number): number {
    const isAny = logicalId < 0 && this.#led.length > 0
    return leaderItem(this.led(isAny ? this.#led[below(this.#led.length)]! : logicalId))!.queueId
  }

  /** Where a message of a queue of this broker is in its logical queue; the offset is -1 while it is not decided. */
  logicalPlace(queueId: number, queueOffset: number): QueuePlace {
    const own = this.#own.get(queueId)
    if (own === undefined) return { queueId, queueOffset }
    return { queueId: own.logicalId, queueOffset: toLogicalOffset(own.item, queueOffset) }
  }

  /**
   * The queue of this broker that takes, now, what was sent to one of its queues some time ago: that of the same logical
   * queue, or of another one that the broker leads. When it leads none it stays where it was sent to.
   */
  queueOfLate(queueId: number): number {
    const own = this.#own.get(queueId)
    const leader = own && leaderItem(this.detail.hostedQueues.get(own.logicalId)!)!
    if (leader !== undefined && this.isHere(leader)) return leader.queueId
    const other = this.#led[queueId % this.#led.length]
    return other === undefined ? queueId : leaderItem(this.detail.hostedQueues.get(other)!)!.queueId
  }

  /** The queues of this broker that hold messages of the topic: the highest id of those written to, and of all; -1 for none. */
  highestQueues(): { written: number; read: number } {
    let [written, read] = [-1, -1]
    for (const id of this.#led) written = Math.max(written, leaderItem(this.detail.hostedQueues.get(id)!)!.queueId)
    for (const queueId of this.#own.keys()) read = Math.max(read, queueId)
    return { written, read }
  }
}
