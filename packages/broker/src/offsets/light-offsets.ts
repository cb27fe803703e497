import { HashPlaces, NameNumbers } from '@rocketmq-ts/base'
import { isLightQueue, lightQueueId, lightQueuePrefix } from '@rocketmq-ts/protocol'

const separator = '@'
/** Entries that are looked at for one piece of text. */
const entriesPerPiece = 500
const roomFirst = 64
/** Of links between entries, each of which is one higher than the entry that it leads to; and of a place without an entry. */
const none = 0
/** Links to ordinary groups begin here; those below are one higher than the number of a name of a light queue. */
const ordinaryStart = 2 ** 31
/** Entries of groups that are gone, for which is looked with each that comes. */
const sweptAtOnce = 8

interface Entry {
  topic: string
  group: string
  offset: number
}

/**
 * How far groups are in light queues, of which each has one queue. There may be a million of them: they are outside of V8's
 * heap, some 80 bytes each where the group has the name of its queue. What is asked of one queue is found without going through
 * all; what is asked of a group looks at all numbers. An ordinary group may be in all of them: it goes at once, and what it leaves
 * goes bit by bit with what comes.
 */
export class LightOffsets {
  /** Of queues, and of groups that have such names. */
  readonly #names = new NameNumbers()
  /** By the number of a name: how many entries have it, and the first one of the queue of that name. */
  #useCounts = new Uint32Array(roomFirst)
  #firsts = new Uint32Array(roomFirst)
  readonly #ordinary = new OrdinaryGroups()
  /** By entry: the number of the queue's name, the link to its group, the next entry of the queue, and the offset. */
  #queues = new Uint32Array(roomFirst)
  #groups = new Uint32Array(roomFirst)
  #nexts = new Uint32Array(roomFirst)
  #offsets = new Float64Array(roomFirst)
  readonly #places = new HashPlaces((entry) => hashOf(this.#queues[entry]!, this.#groups[entry]!))
  /** Behind the last entry. */
  #end = 0
  readonly #free: number[] = []
  /** Entries of groups that are gone. */
  #deadCount = 0
  /** Where the next of them is looked for. */
  #sweepAt = 0

  get size(): number {
    return this.#end - this.#free.length - this.#deadCount
  }

  get(group: string, topic: string): number | undefined {
    const entry = this.#find(group, topic)
    return entry === undefined ? undefined : this.#offsets[entry]
  }

  /** @returns whether it was another before */
  set(group: string, topic: string, offset: number): boolean {
    const known = this.#find(group, topic)
    if (known === undefined) this.#add(group, topic, offset)
    else if (this.#offsets[known] === offset) return false
    else this.#offsets[known] = offset
    return true
  }

  /** @returns whether there was anything to remove */
  remove(group: string, topic: string): boolean {
    const entry = this.#find(group, topic)
    if (entry === undefined) return false
    this.#remove(entry)
    return true
  }

  /** A queue is gone. @returns whether there was anything to remove */
  removeTopic(topic: string): boolean {
    const sizeBefore = this.size
    for (const entry of [...this.#entriesOf(topic)]) this.#remove(entry)
    return this.size < sizeBefore
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    if (!isLightQueue(group)) {
      const count = this.#ordinary.end(group)
      this.#deadCount += count
      if (this.size === 0) this.#clear()
      return count > 0
    }
    const link = this.#linkOf(group)
    let isChanged = false
    for (let entry = 0; link !== undefined && entry < this.#end; entry++) {
      if (this.#groups[entry] !== link) continue
      this.#remove(entry)
      isChanged = true
    }
    return isChanged
  }

  groupsOf(topic: string): string[] {
    const entries = [...this.#entriesOf(topic)].filter((entry) => this.#isThere(entry))
    return entries.map((entry) => this.#groupOf(entry)).reverse()
  }

  /** What is added or removed meanwhile may be among them. */
  *topicsOf(group: string): IterableIterator<string> {
    const link = this.#linkOf(group)
    if (link === undefined) return
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#groups[entry] !== link) continue
      yield this.#topicOf(entry)
      // The last entry of the group may have gone, and its link be another's.
      if (this.#linkOf(group) !== link) return
    }
  }

  *entries(): IterableIterator<Entry> {
    for (let entry = 0; entry < this.#end; entry++) if (this.#isThere(entry)) yield this.#entryOf(entry)
  }

  /** @param key `topic@group` */
  load(key: string, offset: number): void {
    const { topic, group } = namesIn(key)
    this.set(group, topic, offset)
  }

  /** Entries of the table `lmqOffsetTable`, in pieces: those of groups that have a light queue's name. */
  ownPieces(): IterableIterator<string> {
    return this.#pieces(true, ({ topic, group, offset }) => {
      return `\t\t${JSON.stringify(topic + separator + group)}:${offset}`
    })
  }

  /** Entries of the table `offsetTable`, in pieces: those of ordinary groups. */
  sharedPieces(): IterableIterator<string> {
    return this.#pieces(false, ({ topic, group, offset }) => {
      return `\t\t${JSON.stringify(topic + separator + group)}:{\n\t\t\t${lightQueueId}:${offset}\n\t\t}`
    })
  }

  *#pieces(areLight: boolean, format: (entry: Entry) => string): IterableIterator<string> {
    let lines: string[] = []
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#groups[entry]! < ordinaryStart !== areLight || !this.#isThere(entry)) continue
      lines.push(format(this.#entryOf(entry)))
      if (lines.length < entriesPerPiece) continue
      yield lines.join(',\n')
      lines = []
    }
    if (lines.length > 0) yield lines.join(',\n')
  }

  #find(group: string, topic: string): number | undefined {
    const queue = this.#names.get(topic)
    if (queue === undefined) return undefined
    const link = group === topic ? queue + 1 : this.#linkOf(group)
    if (link === undefined) return undefined
    const isIt = (entry: number): boolean => this.#queues[entry] === queue && this.#groups[entry] === link
    return this.#places.find(hashOf(queue, link), isIt)
  }

  #linkOf(group: string): number | undefined {
    const isLight = isLightQueue(group)
    const number = isLight ? this.#names.get(group) : this.#ordinary.get(group)
    if (number === undefined) return undefined
    return isLight ? number + 1 : ordinaryStart + number
  }

  /** Whether there is something at a place, and not of a group that is gone. */
  #isThere(entry: number): boolean {
    const link = this.#groups[entry]!
    return link < ordinaryStart ? link !== none : this.#ordinary.nameOf(link - ordinaryStart) !== undefined
  }

  /** The last one that was added first. */
  *#entriesOf(topic: string): IterableIterator<number> {
    const queue = this.#names.get(topic)
    if (queue === undefined) return
    for (let link = this.#firsts[queue]!; link !== none; link = this.#nexts[link - 1]!) yield link - 1
  }

  #entryOf(entry: number): Entry {
    const topic = this.#topicOf(entry)
    const isNamedAlike = this.#groups[entry] === this.#queues[entry]! + 1
    return { topic, group: isNamedAlike ? topic : this.#groupOf(entry), offset: this.#offsets[entry]! }
  }

  #topicOf(entry: number): string {
    return this.#names.nameOf(this.#queues[entry]!)!
  }

  #groupOf(entry: number): string {
    const link = this.#groups[entry]!
    return link < ordinaryStart ? this.#names.nameOf(link - 1)! : this.#ordinary.nameOf(link - ordinaryStart)!
  }

  #add(group: string, topic: string, offset: number): void {
    if (this.#deadCount > 0) this.#sweep()
    const entry = this.#free.pop() ?? this.#end++
    if (entry === this.#queues.length) this.#enlarge()
    const queue = this.#nameUsed(topic)
    this.#queues[entry] = queue
    this.#groups[entry] = isLightQueue(group) ? this.#nameUsed(group) + 1 : ordinaryStart + this.#ordinary.used(group)
    this.#offsets[entry] = offset
    this.#nexts[entry] = this.#firsts[queue]!
    this.#firsts[queue] = entry + 1
    this.#places.add(hashOf(queue, this.#groups[entry]!), entry)
  }

  #remove(entry: number): void {
    if (!this.#isThere(entry)) this.#deadCount--
    const [queue, link] = [this.#queues[entry]!, this.#groups[entry]!]
    this.#places.delete(hashOf(queue, link), entry)
    const next = this.#nexts[entry]!
    if (this.#firsts[queue] === entry + 1) this.#firsts[queue] = next
    else {
      let before = this.#firsts[queue]! - 1
      while (this.#nexts[before] !== entry + 1) before = this.#nexts[before]! - 1
      this.#nexts[before] = next
    }
    this.#groups[entry] = none
    this.#free.push(entry)
    this.#nameLeft(queue)
    if (link < ordinaryStart) this.#nameLeft(link - 1)
    else this.#ordinary.left(link - ordinaryStart)
  }

  /** Looks at some entries for those of groups that are gone. */
  #sweep(): void {
    for (let count = 0; count < sweptAtOnce; count++) {
      if (this.#sweepAt >= this.#end) this.#sweepAt = 0
      const entry = this.#sweepAt++
      if (this.#groups[entry] !== none && !this.#isThere(entry)) this.#remove(entry)
    }
  }

  /** All that is left is of groups that are gone. */
  #clear(): void {
    this.#names.clear()
    this.#ordinary.clear()
    this.#places.clear()
    this.#useCounts = new Uint32Array(roomFirst)
    this.#firsts = new Uint32Array(roomFirst)
    this.#queues = new Uint32Array(roomFirst)
    this.#groups = new Uint32Array(roomFirst)
    this.#nexts = new Uint32Array(roomFirst)
    this.#offsets = new Float64Array(roomFirst)
    this.#end = 0
    this.#free.length = 0
    this.#deadCount = 0
  }

  #nameUsed(name: string): number {
    const number = this.#names.add(name)
    if (number >= this.#useCounts.length) {
      const room = number * 2
      this.#useCounts = enlarged(this.#useCounts, new Uint32Array(room))
      this.#firsts = enlarged(this.#firsts, new Uint32Array(room))
    }
    this.#useCounts[number]!++
    return number
  }

  #nameLeft(number: number): void {
    if (--this.#useCounts[number]! === 0) this.#names.delete(this.#names.nameOf(number)!)
  }

  #enlarge(): void {
    const room = this.#queues.length * 2
    this.#queues = enlarged(this.#queues, new Uint32Array(room))
    this.#groups = enlarged(this.#groups, new Uint32Array(room))
    this.#nexts = enlarged(this.#nexts, new Uint32Array(room))
    this.#offsets = enlarged(this.#offsets, new Float64Array(room))
  }
}

/** Few groups, each with a number that stays its own. Of one that is gone the number stays taken while something has it. */
class OrdinaryGroups {
  readonly #numbers = new Map<string, number>()
  /** By number; undefined when the group is gone. */
  readonly #names: (string | undefined)[] = []
  readonly #useCounts: number[] = []
  readonly #free: number[] = []

  get(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  nameOf(number: number): string | undefined {
    return this.#names[number]
  }

  /** Something more has the number of a group, which is made when there is none. */
  used(name: string): number {
    let number = this.#numbers.get(name)
    if (number === undefined) {
      number = this.#free.pop() ?? this.#names.length
      this.#numbers.set(name, number)
      this.#names[number] = name
      this.#useCounts[number] = 0
    }
    this.#useCounts[number]!++
    return number
  }

  /** Something has the number no more. */
  left(number: number): void {
    if (--this.#useCounts[number]! > 0) return
    const name = this.#names[number]
    if (name !== undefined) this.#numbers.delete(name)
    this.#names[number] = undefined
    this.#free.push(number)
  }

  /** A group is gone. @returns how much has its number still */
  end(name: string): number {
    const number = this.#numbers.get(name)
    if (number === undefined) return 0
    this.#numbers.delete(name)
    this.#names[number] = undefined
    return this.#useCounts[number]!
  }

  clear(): void {
    this.#numbers.clear()
    for (const list of [this.#names, this.#useCounts, this.#free]) list.length = 0
  }
}

function enlarged<Numbers extends Uint32Array | Float64Array>(before: Numbers, after: Numbers): Numbers {
  after.set(before)
  return after
}

function hashOf(queue: number, link: number): number {
  const hash = Math.imul(queue, 0x9e3779b1) ^ Math.imul(link, 0x85ebca6b)
  const mixed = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return mixed ^ (mixed >>> 13)
}

/** Names of light queues may have an `@`; those of ordinary groups have none. */
function namesIn(key: string): { topic: string; group: string } {
  const atLight = key.lastIndexOf(separator + lightQueuePrefix)
  const at = atLight > 0 ? atLight : key.lastIndexOf(separator)
  return { topic: key.slice(0, at), group: key.slice(at + 1) }
}
