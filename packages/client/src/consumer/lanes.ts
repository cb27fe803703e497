/**
 * Messages of a queue that wait for a handler. Those of one lane are handled one after the other; lanes, and messages
 * without one, side by side.
 */
export class Lanes<Message> {
  readonly #laneOf: (message: Message) => string | undefined
  /** Messages without a lane. */
  #free: Message[] = []
  #freeHead = 0
  /** What waits in each lane that is busy or has something. */
  readonly #waiting = new Map<string, Message[]>()
  /** Lanes that have something and are not busy. */
  readonly #ready: string[] = []
  readonly #busy = new Set<string>()
  /** Messages that wait in lanes. */
  #inLanes = 0
  /** How many messages of each lane wait for their next try: the first ones of what waits in it. */
  readonly #tried = new Map<string, number>()

  /** @param laneOf the lane of a message; undefined for none */
  constructor(laneOf: (message: Message) => string | undefined) {
    this.#laneOf = laneOf
  }

  get hasReady(): boolean {
    return this.#ready.length > 0 || this.#freeHead < this.#free.length
  }

  /** Messages that wait for others of their lane. */
  get behind(): number {
    return this.#inLanes - this.#ready.length
  }

  add(message: Message): void {
    const lane = this.#laneOf(message)
    if (lane === undefined) {
      this.#free.push(message)
      return
    }
    this.#inLanes++
    const waiting = this.#waiting.get(lane)
    if (waiting === undefined) this.#waiting.set(lane, [message])
    else waiting.push(message)
    if (!this.#busy.has(lane) && (waiting === undefined || waiting.length === 1)) this.#ready.push(lane)
  }

  /**
   * The next messages to handle; of one lane, which is busy until `release`, or without a lane.
   * @param countMax messages at the most
   */
  take(countMax: number): { lane: string | undefined; messages: Message[] } | undefined {
    const lane = this.#ready.shift()
    if (lane !== undefined) {
      this.#busy.add(lane)
      const messages = this.#waiting.get(lane)!.splice(0, countMax)
      this.#inLanes -= messages.length
      return { lane, messages }
    }
    if (this.#freeHead >= this.#free.length) return undefined
    const messages = this.#free.slice(this.#freeHead, this.#freeHead + countMax)
    this.#freeHead += messages.length
    if (this.#freeHead === this.#free.length || this.#freeHead > 1024) {
      this.#free = this.#free.slice(this.#freeHead)
      this.#freeHead = 0
    }
    return { lane: undefined, messages }
  }

  /** What was taken of a lane is done with. */
  release(lane: string): void {
    this.#busy.delete(lane)
    this.#tried.delete(lane)
    if (this.#waiting.get(lane)!.length > 0) this.#ready.push(lane)
    else this.#waiting.delete(lane)
  }

  /** What was taken of a lane is to be tried again before everything that waits in it. The lane stays busy until then. */
  putBack(lane: string, messages: readonly Message[]): void {
    this.#waiting.get(lane)!.unshift(...messages)
    this.#inLanes += messages.length
    if (messages.length > 0) this.#tried.set(lane, messages.length)
  }

  /**
   * Empties a lane. One that waits for its next try does so with what is added next.
   * @returns what waited; it waits here no more
   */
  empty(lane: string): Message[] {
    const waited = this.#waiting.get(lane)?.splice(0) ?? []
    this.#inLanes -= waited.length
    if (this.#tried.has(lane)) this.#tried.set(lane, 1)
    const index = waited.length === 0 || this.#busy.has(lane) ? -1 : this.#ready.indexOf(lane)
    if (index >= 0) this.#ready.splice(index, 1)
    return waited
  }

  /** @returns those that wait in a busy lane and fit; they wait here no more */
  takeWhere(lane: string, fits: (message: Message) => boolean): Message[] {
    const waiting = this.#waiting.get(lane)!
    const taken = waiting.filter(fits)
    this.#waiting.set(
      lane,
      waiting.filter((message) => !fits(message)),
    )
    this.#inLanes -= taken.length
    return taken
  }

  /** @returns what waited behind messages that wait for their next try; it waits here no more */
  takeUntried(): Message[] {
    const untried: Message[] = []
    for (const [lane, count] of this.#tried) untried.push(...this.#waiting.get(lane)!.splice(count))
    this.#inLanes -= untried.length
    return untried
  }

  /** @returns everything that waited; what was taken is still to be released */
  clear(): Message[] {
    const waited = this.#free.slice(this.#freeHead)
    this.#free = []
    this.#freeHead = 0
    this.#ready.length = 0
    this.#inLanes = 0
    this.#tried.clear()
    for (const waiting of this.#waiting.values()) waited.push(...waiting.splice(0))
    return waited
  }
}
