import type { LiteOffsetOption } from '@rocketmq-ts/protocol'
import type { OffsetTarget } from '../admin/descriptions.ts'
import { clockSkewMs } from '../reading/queue-positions.ts'
import { invalidArgument } from '../rocketmq-error.ts'

/** Where the group is to go on in some lite topics. */
export interface LitePosition {
  readonly liteTopics: ReadonlySet<string>
  /** As a broker is told it, one option after the other. @param isLate whether it was away when that was said */
  options(isLate: boolean): readonly LiteOffsetOption[]
}

interface Owed extends LitePosition {
  readonly liteTopics: Set<string>
  readonly isOffset: boolean
  /** Names of brokers that were told. */
  readonly told: Set<string>
  /** Names of the brokers for which it is meant; undefined for those too that come later. */
  brokers: ReadonlySet<string> | undefined
}

/** Where the group goes on in lite topics, and which brokers know it: one that was away is to be told when it is back. */
export class LitePositions {
  /** What was said later stands behind. */
  #owed: Owed[] = []

  /**
   * @param nowMs milliseconds since 1970
   * @throws RocketMQError INVALID_ARGUMENT
   */
  add(liteTopics: readonly string[], from: OffsetTarget, nowMs: number): LitePosition {
    const option = offsetOptionOf(from)
    // What comes meanwhile is not to be left out. Official brokers pass a time by, so that they are told both.
    const since: LiteOffsetOption = { type: 'TIMESTAMP', value: Math.max(0, nowMs - clockSkewMs) }
    const late = from === 'latest' ? [option, since] : [option]
    const added: Owed = {
      liteTopics: new Set(liteTopics),
      options: (isLate) => (isLate ? late : [option]),
      isOffset: option.type === 'OFFSET',
      told: new Set(),
      brokers: undefined,
    }
    this.#owed.push(added)
    return added
  }

  /**
   * It counts now, and what was said of its lite topics before does not any more.
   * @param brokers names of those that are known
   */
  confirm(position: LitePosition, brokers: Iterable<string>): void {
    const index = (this.#owed as LitePosition[]).indexOf(position)
    if (index < 0) return
    for (const before of this.#owed.slice(0, index)) {
      for (const name of position.liteTopics) before.liteTopics.delete(name)
    }
    // A broker that the topic gets later has other messages at that offset.
    if (this.#owed[index]!.isOffset) this.#owed[index]!.brokers = new Set(brokers)
    this.#dropEmpty()
  }

  /** It was not to be: the group is where it was. */
  withdraw(position: LitePosition): void {
    this.#owed = this.#owed.filter((one) => one !== position)
  }

  /** The lite topic is subscribed to no more. */
  forget(liteTopic: string): void {
    for (const { liteTopics } of this.#owed) liteTopics.delete(liteTopic)
    this.#dropEmpty()
  }

  /** What a broker is to be told, in this order. */
  owedTo(broker: string): LitePosition[] {
    return this.#owed.filter(({ told, brokers }) => !told.has(broker) && (brokers?.has(broker) ?? true))
  }

  told(position: LitePosition, broker: string): void {
    this.#owed.find((one) => one === position)?.told.add(broker)
  }

  #dropEmpty(): void {
    this.#owed = this.#owed.filter(({ liteTopics }) => liteTopics.size > 0)
  }
}

const policy = { earliest: 1, latest: 2 } as const

/** @throws RocketMQError INVALID_ARGUMENT */
function offsetOptionOf(from: OffsetTarget): LiteOffsetOption {
  if (from === 'earliest' || from === 'latest') return { type: 'POLICY', value: policy[from] }
  if (typeof from === 'object' && !(from instanceof Date)) {
    if ('offset' in from) return { type: 'OFFSET', value: whole('from.offset', from.offset) }
    if (from.shift > 0) throw invalidArgument(`from.shift is ${from.shift}: a lite topic can only be taken up earlier`)
    return { type: 'TAIL_N', value: whole('from.shift', -from.shift) }
  }
  return { type: 'TIMESTAMP', value: whole('from', Number(from)) }
}

function whole(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw invalidArgument(`${name} is ${value}: give a whole number`)
}
