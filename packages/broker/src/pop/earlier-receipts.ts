/** What became of a message by a receipt of an earlier life of the broker. */
export type EarlierEnd =
  /** It is acknowledged. */
  | 'done'
  /** It has another receipt since. */
  | 'replaced'

/** Where the record of an acknowledgement goes, and when: another one ends nothing. */
export interface RecordWay {
  invisibleTime: number
  reviveQueueId: number
}

interface Ended {
  readonly end: EarlierEnd
  /** Undefined when it is not known. */
  readonly way: RecordWay | undefined
}

const offsetsMax = 32

/**
 * What was asked for by receipts that this life of the broker does not know: those of earlier ones, and those that it has
 * forgotten. Their checkpoints are known by the revive topic alone.
 */
export class EarlierReceipts {
  /** By checkpoint, the offsets of messages of which something is being stored. */
  readonly #underWay = new Map<string, Set<number>>()
  /** By checkpoint and offset, the oldest first: what forged receipts name is never dealt with. */
  readonly #ended = new Map<string, Map<number, Ended>>()
  readonly #endedMax: () => number

  /** @param endedMax checkpoints to remember */
  constructor(endedMax: () => number) {
    this.#endedMax = endedMax
  }

  /** What is known of a message; `unknown` when nothing is. */
  state(key: string, queueOffset: number, way: RecordWay): EarlierEnd | 'under-way' | 'unknown' {
    const ended = this.#ended.get(key)?.get(queueOffset)
    if (ended !== undefined && (ended.end === 'replaced' || isSame(ended.way, way))) return ended.end
    return this.#underWay.get(key)?.has(queueOffset) === true ? 'under-way' : 'unknown'
  }

  /** Something is being stored of a message of which nothing is known; `settle` follows. */
  begin(key: string, queueOffset: number): void {
    const offsets = this.#underWay.get(key)
    if (offsets === undefined) this.#underWay.set(key, new Set([queueOffset]))
    else offsets.add(queueOffset)
  }

  /** @param ended undefined when it could not be stored */
  settle(key: string, queueOffset: number, ended: Ended | undefined): void {
    const offsets = this.#underWay.get(key)
    if (!offsets?.delete(queueOffset)) return
    if (offsets.size === 0) this.#underWay.delete(key)
    if (ended !== undefined) this.note(key, queueOffset, ended)
  }

  isUnderWay(key: string): boolean {
    return this.#underWay.has(key)
  }

  note(key: string, queueOffset: number, ended: Ended): void {
    const offsets = this.#ended.get(key)
    if (offsets === undefined) {
      this.#ended.set(key, new Map([[queueOffset, ended]]))
      keepNewest(this.#ended, this.#endedMax())
      return
    }
    offsets.set(queueOffset, ended)
    keepNewest(offsets, offsetsMax)
  }

  /** A checkpoint is dealt with: nothing can be done by its receipts any more. */
  forget(key: string): void {
    this.#ended.delete(key)
  }
}

function isSame(one: RecordWay | undefined, other: RecordWay): boolean {
  return one?.invisibleTime === other.invisibleTime && one.reviveQueueId === other.reviveQueueId
}

function keepNewest(entries: Map<unknown, unknown>, max: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= max) return
    entries.delete(key)
  }
}
