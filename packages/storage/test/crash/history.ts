/**
 * What was put into a store, what was said about it, and whether what is found after a crash agrees. It knows neither
 * the load nor the store: it is told of puts, outcomes and findings, and gives back what is wrong.
 */
export interface PutRecord {
  /** Order of the puts, from 0. */
  id: number
  topic: string
  queueId: number
  body: string
  properties: string
  key: string
  /** Offsets that it takes, for the messages of a batch. */
  count: number
}

export interface Place {
  queueOffset: number
  physicalOffset: number
  totalSize: number
}

/** A message that was found in a queue. */
export interface Found extends Place {
  topic: string
  queueId: number
  body: string
  properties: string
  storeTimestamp: number
  /** Offsets that it takes, for the messages of a batch. */
  count: number
}

/** Everything that was found in a store. */
export interface Findings {
  minPosition: number
  queues: { topic: string; queueId: number; minOffset: number; maxOffset: number; messages: Found[] }[]
  /** Positions that the key index gives for the key of a put. */
  positionsByKey(put: PutRecord): number[]
}

interface Entry extends PutRecord {
  place: Place | undefined
  /**
   * open: nothing was said; confirmed: the sender was told that it is stored; gone: a crash took it, so that it must
   * never show again; deleted: its file or topic was deleted, which a crash can undo.
   */
  state: 'open' | 'confirmed' | 'gone' | 'deleted'
  /** A failure of the power must not take it. */
  isDurable: boolean
}

export class History {
  readonly #entries: Entry[] = []
  readonly #byBody = new Map<string, Entry>()
  /** To where the log is being cut back, while it is not known whether that came to its end. */
  #cutPosition: number | undefined
  /** Messages with lower numbers were put before. */
  #cutBefore = 0

  get count(): number {
    return this.#entries.length
  }

  add(put: PutRecord): void {
    const entry: Entry = { ...put, place: undefined, state: 'open', isDurable: false }
    this.#entries[put.id] = entry
    this.#byBody.set(put.body, entry)
  }

  /** The sender was told that the message is stored. */
  confirm(id: number, place: Place, isDurable: boolean): void {
    const entry = this.#entries[id]!
    entry.place = place
    if (entry.state === 'open') entry.state = 'confirmed'
    entry.isDurable ||= isDurable
  }

  /** The store never had the message as a whole, or said that it does not take it. */
  refuse(id: number): void {
    this.#entries[id]!.state = 'gone'
  }

  /** The sender was told where the message is, but not that it is safe. */
  place(id: number, place: Place): void {
    this.#entries[id]!.place = place
  }

  /** The store said that everything before a position survives a failure of the power. */
  syncedUpTo(position: number): void {
    for (const entry of this.#alive()) {
      if (entry.place !== undefined && entry.place.physicalOffset + entry.place.totalSize <= position) {
        entry.isDurable = true
      }
    }
  }

  /** Places at which a message starts that is not known to be lost. */
  starts(): number[] {
    return this.#alive().flatMap(({ place }) => (place === undefined ? [] : [place.physicalOffset]))
  }

  /** The log is being cut back: a crash from now on leaves all that stands behind the position, or nothing of it. */
  beginCut(position: number): void {
    this.#cutPosition = position
    this.#cutBefore = this.count
  }

  /** The log was cut back: nothing of what stood behind the position shows again. */
  endCut(): void {
    const position = this.#cutPosition
    this.#cutPosition = undefined
    if (position === undefined) return
    for (const entry of this.#entries.slice(0, this.#cutBefore)) {
      const isBehind = entry.place !== undefined && entry.place.physicalOffset >= position
      if (isBehind) entry.state = 'gone'
    }
  }

  /** The log was not cut back. */
  cancelCut(): void {
    this.#cutPosition = undefined
  }

  deleteTopic(topic: string): void {
    for (const entry of this.#entries) if (entry.topic === topic && entry.state !== 'gone') entry.state = 'deleted'
  }

  /**
   * Compares the findings with what must be there, takes them over as the truth, and gives back what is wrong.
   * @param after what happened before: nothing, the death of the process, or a failure of the power
   */
  check(after: 'running' | 'kill' | 'power', findings: Findings): string[] {
    const problems: string[] = []
    const found = new Map<Entry, Found>()
    for (const queue of findings.queues) this.#checkQueue(queue, found, problems)
    this.#checkCut(found)
    this.#checkSurvivors(after, findings.minPosition, found, problems)
    for (const [entry, { physicalOffset }] of found) {
      if (!findings.positionsByKey(entry).includes(physicalOffset)) {
        problems.push(`${nameOf(entry)} at ${physicalOffset} is not found by its key`)
      }
    }
    this.#takeOver(findings.minPosition, found)
    return problems
  }

  #checkQueue(queue: Findings['queues'][number], found: Map<Entry, Found>, problems: string[]): void {
    const where = `${queue.topic}/${queue.queueId}`
    let expectedOffset = queue.minOffset
    let lastId = -1
    let lastTimestamp = 0
    for (const message of queue.messages) {
      const { storeTimestamp } = message
      if (storeTimestamp < lastTimestamp) {
        problems.push(`store times in ${where} fall by ${lastTimestamp - storeTimestamp} ms at ${message.queueOffset}`)
      }
      lastTimestamp = storeTimestamp
      while (expectedOffset < message.queueOffset) {
        const deleted = this.#deletedAt(queue, expectedOffset)
        if (deleted === undefined) break
        expectedOffset += deleted.count
      }
      if (message.queueOffset !== expectedOffset) {
        problems.push(`${where} has offset ${message.queueOffset} where ${expectedOffset} was expected`)
      }
      expectedOffset = message.queueOffset + message.count
      const entry = this.#byBody.get(message.body)
      if (entry === undefined || entry.properties !== message.properties || entry.count !== message.count) {
        problems.push(`${where} has at ${message.queueOffset} what nobody put: ${message.body.slice(0, 30)}`)
        continue
      }
      if (entry.topic !== queue.topic || entry.queueId !== queue.queueId) {
        problems.push(`${nameOf(entry)} is in ${where}`)
      }
      if (found.has(entry)) problems.push(`${nameOf(entry)} is there twice`)
      if (entry.state === 'gone') problems.push(`${nameOf(entry)} was taken by an earlier crash and shows again`)
      if (entry.id <= lastId) problems.push(`${nameOf(entry)} comes after ${lastId} in ${where}`)
      lastId = entry.id
      const { place } = entry
      if (
        place !== undefined &&
        (place.queueOffset !== message.queueOffset || place.physicalOffset !== message.physicalOffset)
      ) {
        problems.push(
          `${nameOf(entry)} was put at ${place.queueOffset} (${place.physicalOffset}) and is at ${message.queueOffset} (${message.physicalOffset})`,
        )
      }
      found.set(entry, message)
    }
    if (expectedOffset !== queue.maxOffset) {
      problems.push(`${where} ends at ${queue.maxOffset}, and its messages at ${expectedOffset}`)
    }
  }

  /** A cut that a crash interrupted is taken for done when nothing that it would take is there. */
  #checkCut(found: Map<Entry, Found>): void {
    const position = this.#cutPosition ?? Number.POSITIVE_INFINITY
    const isBehind = ([{ id }, { physicalOffset }]: [Entry, Found]): boolean =>
      id < this.#cutBefore && physicalOffset >= position
    if ([...found].some(isBehind)) this.cancelCut()
    else this.endCut()
  }

  #checkSurvivors(after: string, minPosition: number, found: Map<Entry, Found>, problems: string[]): void {
    let lastSurvivor = -1
    for (const { id } of found.keys()) lastSurvivor = Math.max(lastSurvivor, id)
    for (const entry of this.#alive()) {
      if (found.has(entry)) continue
      if (entry.place !== undefined && entry.place.physicalOffset < minPosition) continue
      const mustSurvive = entry.isDurable || (after !== 'power' && entry.state === 'confirmed')
      if (mustSurvive) problems.push(`${nameOf(entry)} was confirmed and is lost`)
      else if (after !== 'running' && entry.id < lastSurvivor) {
        problems.push(`${nameOf(entry)} is lost although ${lastSurvivor} behind it is there`)
      }
    }
  }

  #takeOver(minPosition: number, found: Map<Entry, Found>): void {
    for (const entry of this.#entries) {
      const message = found.get(entry)
      if (message !== undefined) {
        const { queueOffset, physicalOffset, totalSize } = message
        entry.place = { queueOffset, physicalOffset, totalSize }
        if (entry.state === 'open') entry.state = 'confirmed'
      } else if (entry.state === 'open' || entry.state === 'confirmed') {
        const isDeleted = entry.place !== undefined && entry.place.physicalOffset < minPosition
        entry.state = isDeleted ? 'deleted' : 'gone'
      }
    }
  }

  /** A crash while a topic is deleted can leave some of its files. */
  #deletedAt({ topic, queueId }: { topic: string; queueId: number }, queueOffset: number): Entry | undefined {
    return this.#entries.find(
      (entry) =>
        entry.state === 'deleted' &&
        entry.topic === topic &&
        entry.queueId === queueId &&
        entry.place?.queueOffset === queueOffset,
    )
  }

  #alive(): Entry[] {
    return this.#entries.filter(({ state }) => state === 'open' || state === 'confirmed')
  }
}

function nameOf(entry: Entry): string {
  return `message ${entry.id} of ${entry.topic}/${entry.queueId}`
}
