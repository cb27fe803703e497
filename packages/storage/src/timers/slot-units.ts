import type { TimerUnit } from './timer-unit.ts'

/** The part of a unit that delivery needs. */
export interface DueUnit {
  physicalOffset: number
  totalSize: number
  /** When it was added, in milliseconds since 1970. */
  writtenMs: number
  isRoll: boolean
  isDelete: boolean
}

const fields = 3
const flagBits = 4
const roll = 1
const takeBack = 2

/** The units of a slot, oldest first. There may be a million, so each is kept as three numbers. */
export class SlotUnits {
  readonly slotMs: number
  /** How often the log had been cut back when they were read. */
  readonly cutCount: number
  /** Position of the newest unit in the timer log; -1 without any. */
  lastPosition = -1
  /** Indexes of units that recall another message. */
  readonly deletes: number[] = []
  readonly #numbers: number[] = []

  constructor(slotMs: number, cutCount: number) {
    this.slotMs = slotMs
    this.cutCount = cutCount
  }

  get count(): number {
    return this.#numbers.length / fields
  }

  /** @param index below `count` */
  at(index: number): DueUnit {
    const start = index * fields
    const sizeAndFlags = this.#numbers[start + 1]!
    return {
      physicalOffset: this.#numbers[start]!,
      totalSize: Math.floor(sizeAndFlags / flagBits),
      writtenMs: this.#numbers[start + 2]!,
      isRoll: (sizeAndFlags & roll) !== 0,
      isDelete: (sizeAndFlags & takeBack) !== 0,
    }
  }

  /** @param newestFirst units newer than those added before */
  add(newestFirst: readonly TimerUnit[], lastPosition: number): void {
    for (let index = newestFirst.length - 1; index >= 0; index--) {
      const { physicalOffset, totalSize, writtenMs, isRoll, isDelete } = newestFirst[index]!
      if (isDelete) this.deletes.push(this.count)
      const flags = (isRoll ? roll : 0) | (isDelete ? takeBack : 0)
      this.#numbers.push(physicalOffset, totalSize * flagBits + flags, writtenMs)
    }
    this.lastPosition = lastPosition
  }
}
