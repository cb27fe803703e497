import { HashPlaces, NameNumbers } from '@rocketmq-ts/base'
import { isLightQueue, lightQueueId, lightQueuePrefix } from '@rocketmq-ts/protocol'

const separator = '@'
/** Entries that are looked at for one piece of text. */
const entriesPerPiece = 500
const roomFirst = 64
/** Of links between entries, each of which is one higher than the entry that it leads to; and of a place without an entry. */
const none = 0

interface Entry {
  topic: string
  group: string
  offset: number
}

/**
 * How far groups are in light queues, of which each has one queue. There may be a million of them: they are outside of V8's
 * heap, some 80 bytes each where the group has the name of its queue. What is asked of one queue is found without going through
 * all; what is asked of a group looks at all numbers.
 */
export class LightOffsets {
  /** Of queues and of groups. */
  readonly #names = new NameNumbers()
  /** By the number of a name: how many entries have it, the first one of the queue of that name, and whether it is one's. */
  #useCounts = new Uint32Array(roomFirst)
  #firsts = new Uint32Array(roomFirst)
  #areLight = new Uint8Array(roomFirst)
  /** By entry: the number of the queue's name, that of the group's name and one, the next entry of the queue, and the offset. */
  #queues = new Uint32Array(roomFirst)
  #groups = new Uint32Array(roomFirst)
  #nexts = new Uint32Array(roomFirst)
  #offsets = new Float64Array(roomFirst)
  readonly #places = new HashPlaces((entry) => hashOf(this.#queues[entry]!, this.#groups[entry]!))
  /** Behind the last entry. */
  #end = 0
  readonly #free: number[] = []

  get size(): number {
    return this.#end - this.#free.length
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
    const entries = [...this.#entriesOf(topic)]
    for (const entry of entries) this.#remove(entry)
    return entries.length > 0
  }

  /** @returns whether there was anything to remove */
  removeGroup(group: string): boolean {
    const number = this.#names.get(group)
    if (number === undefined) return false
    let isChanged = false
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#groups[entry] !== number + 1) continue
      this.#remove(entry)
      isChanged = true
    }
    return isChanged
  }

  groupsOf(topic: string): string[] {
    const entries = [...this.#entriesOf(topic)]
    return entries.map((entry) => this.#groupOf(entry)).reverse()
  }

  /** What is added or removed meanwhile may be among them. */
  *topicsOf(group: string): IterableIterator<string> {
    const number = this.#names.get(group)
    if (number === undefined) return
    for (let entry = 0; entry < this.#end; entry++) {
      if (this.#groups[entry] !== number + 1) continue
      yield this.#topicOf(entry)
      // The last entry of the group may have gone, and its number be another's.
      if (this.#names.get(group) !== number) return
    }
  }

  *entries(): IterableIterator<Entry> {
    for (let entry = 0; entry < this.#end; entry++) if (this.#groups[entry] !== none) yield this.#entryOf(entry)
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
      const group = this.#groups[entry]!
      if (group === none || (this.#areLight[group - 1] === 1) !== areLight) continue
      lines.push(format(this.#entryOf(entry)))
      if (lines.length < entriesPerPiece) continue
      yield lines.join(',\n')
      lines = []
    }
    if (lines.length > 0) yield lines.join(',\n')
  }

  #find(group: string, topic: string): number | undefined {
    const queue = this.#names.get(topic)
    const ofGroup = group === topic ? queue : this.#names.get(group)
    if (queue === undefined || ofGroup === undefined) return undefined
    const isIt = (entry: number): boolean => this.#queues[entry] === queue && this.#groups[entry] === ofGroup + 1
    return this.#places.find(hashOf(queue, ofGroup + 1), isIt)
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
    return this.#names.nameOf(this.#groups[entry]! - 1)!
  }

  #add(group: string, topic: string, offset: number): void {
    const entry = this.#free.pop() ?? this.#end++
    if (entry === this.#queues.length) this.#enlarge()
    const queue = this.#nameUsed(topic)
    this.#queues[entry] = queue
    this.#groups[entry] = this.#nameUsed(group) + 1
    this.#offsets[entry] = offset
    this.#nexts[entry] = this.#firsts[queue]!
    this.#firsts[queue] = entry + 1
    this.#places.add(hashOf(queue, this.#groups[entry]!), entry)
  }

  #remove(entry: number): void {
    const [queue, group] = [this.#queues[entry]!, this.#groups[entry]!]
    this.#places.delete(hashOf(queue, group), entry)
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
    this.#nameLeft(group - 1)
  }

  #nameUsed(name: string): number {
    const number = this.#names.add(name)
    if (number >= this.#useCounts.length) {
      const room = number * 2
      this.#useCounts = enlarged(this.#useCounts, new Uint32Array(room))
      this.#firsts = enlarged(this.#firsts, new Uint32Array(room))
      this.#areLight = enlarged(this.#areLight, new Uint8Array(room))
    }
    if (this.#useCounts[number]!++ === 0) this.#areLight[number] = isLightQueue(name) ? 1 : 0
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

function enlarged<Numbers extends Uint8Array | Uint32Array | Float64Array>(before: Numbers, after: Numbers): Numbers {
  after.set(before)
  return after
}

function hashOf(queue: number, group: number): number {
  const hash = Math.imul(queue, 0x9e3779b1) ^ Math.imul(group, 0x85ebca6b)
  const mixed = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35)
  return mixed ^ (mixed >>> 13)
}

/** Names of light queues may have an `@`; those of ordinary groups have none. */
function namesIn(key: string): { topic: string; group: string } {
  const atLight = key.lastIndexOf(separator + lightQueuePrefix)
  const at = atLight > 0 ? atLight : key.lastIndexOf(separator)
  return { topic: key.slice(0, at), group: key.slice(at + 1) }
}
