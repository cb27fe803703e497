import { dirname } from 'node:path'
import type { StoreFiles } from '../store-files.ts'
import type { UnitFiles } from './unit-files.ts'

/** Where the files of a queue end, when its units fill the last one exactly; otherwise undefined. A slot has no file to be missed. */
export function fullAt({ endPosition, starts, isShared }: UnitFiles, unitsEndPosition: number): number | undefined {
  return !isShared && starts.length > 0 && unitsEndPosition === endPosition ? endPosition : undefined
}

const markName = /^\d+\.full-at-\d+$/

/** Removes all marks in the folder of a topic, after a broker that does not maintain them had the store. */
export function removeFullMarks(files: StoreFiles, topicPath: string): void {
  for (const name of files.fileSystem.list(topicPath)) {
    if (markName.test(name)) files.remove(`${topicPath}/${name}`)
  }
}

/**
 * Marks that the last file of a queue is full and no newer one was made: without the mark, a newer file is missing. The
 * mark is an empty file beside the folder of the queue, named by the position where the queue's files end. It is not in
 * the folder, since an official broker takes the first unit of an empty file there for a message.
 */
export class FullMark {
  readonly #files: StoreFiles
  readonly #queuePath: string
  #position: number | undefined

  /** @param queuePath the folder of the queue */
  constructor(files: StoreFiles, queuePath: string) {
    this.#files = files
    this.#queuePath = queuePath
  }

  /** Whether the mark says that the files end at this position. */
  isAt(position: number): boolean {
    if (this.#files.fileSystem.status(this.#pathOf(position)) === undefined) return false
    this.#position = position
    return true
  }

  /** Marks that the files end at this position, or, with undefined, that the last one is not full. */
  set(position: number | undefined): void {
    if (position === this.#position) return
    const { fileSystem } = this.#files
    if (this.#position !== undefined) this.#files.remove(this.#pathOf(this.#position))
    this.#position = undefined
    if (position === undefined) return
    const path = this.#pathOf(position)
    fileSystem.open(path, 'create').close()
    this.#files.noteNames(dirname(path))
    this.#position = position
  }

  #pathOf(position: number): string {
    return `${this.#queuePath}.full-at-${position}`
  }
}
