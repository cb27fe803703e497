import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { assert, NameNumbers } from '@rocketmq-ts/base'
import type { FileHandle } from '@rocketmq-ts/platform'
import type { StoreFiles } from '../store-files.ts'
import { StoreLayoutError } from '../store-layout.ts'
import { isDiskFull } from '../write-guard.ts'
import { countUnits, encodeSlot, isFreeSlot, type LightSlot, readSlot, slotBytes, unitsStart } from './light-slot.ts'
import { howToMakeQueuesAgain, QueueFileError } from './queue-folders.ts'
import { unitBytes } from './queue-unit.ts'

const fileMagic = 0x524d4c46
const version = 1
/** Slots that are read at a time when the file is opened. */
const slotsPerRead = 2048
/** The slot of a name whose queue has nothing in the file: that says what the file is. */
const nothing = 0
const slotsKnownFirst = 64
const freeSlot = Buffer.alloc(slotBytes)

/**
 * A file that holds the units of light queues with few messages, so that each of very many takes a sector, and not two folders
 * and a file. It is made of slots (`light-slot.ts`). The first one says what the file is (big-endian):
 *
 *     magic 4 | crc32 of the rest 4 | version 4 | slot size 4
 *
 * Units that are added to a slot are compared with the log after a power failure, like those in the files of queues. Everything
 * else that changes is written to a new slot. The old one is freed when the new one is synced.
 */
export class LightSlots {
  readonly path: string
  readonly #files: StoreFiles
  #file: FileHandle | undefined
  /** There may be a million. */
  readonly #names = new NameNumbers()
  /** The number of the slot of each name, or `nothing`, by the number of the name. */
  #numbers = new Uint32Array(slotsKnownFirst)
  readonly #free: number[] = []
  /** Slots that others have replaced, by name. */
  #retired = new Map<string, number[]>()
  /** Those that are freed when the sync that is under way has ended. */
  #retiring = new Map<string, number[]>()
  /**
   * Slots that are to be free, in the order in which they are freed: of one name, the older ones first. Where a write over
   * what is there takes new space, a full disk keeps them; otherwise there are none.
   */
  readonly #toFree = new Set<number>()
  /** Behind the last slot in use. */
  #endNumber = 1
  #serial = 0
  /** Slots that are neither free nor whole. */
  #damaged: number[] = []
  #isUnsynced = false
  #syncing: Promise<void> | undefined
  /** Whether slot 0 is as it should be: a power failure may have left the others without it. */
  #hasHead = false

  /**
   * @param path of the file, which is made when it is needed
   * @throws StoreLayoutError when a later version has made the file
   */
  constructor(files: StoreFiles, path: string) {
    this.path = path
    this.#files = files
    if (files.fileSystem.status(path) === undefined) return
    this.#file = files.fileSystem.open(path, 'update')
    // The last process may have died before it synced what it wrote.
    this.#isUnsynced = true
    this.#readHead(this.#file)
    this.#readNames()
  }

  /** Whether there is the file. */
  get exists(): boolean {
    return this.#file !== undefined
  }

  /** Names that have a slot, or will have one. */
  get count(): number {
    return this.#names.size
  }

  /** Slots of which nothing can be known. A power failure may leave some that were not synced. */
  get damagedCount(): number {
    return this.#damaged.length
  }

  /** Frees those: they were never synced. */
  freeDamaged(): void {
    this.#release(this.#damaged)
    this.#damaged = []
  }

  /**
   * Frees what a full disk has kept. Until then a process that dies leaves slots of queues that are gone: they are back.
   * @throws the file system's errors
   */
  freeKept(): void {
    for (const number of this.#toFree) {
      this.#file!.write(freeSlot, number * slotBytes)
      this.#isUnsynced = true
      this.#toFree.delete(number)
      this.#free.push(number)
    }
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  names(): IterableIterator<string> {
    return this.#names.names()
  }

  /** Names of slots that are freed at the next sync, or when the one that is under way has ended. */
  *replacedNames(): Iterable<string> {
    yield* this.#retired.keys()
    yield* this.#retiring.keys()
  }

  /** Notes the name of a queue that has nothing yet. */
  add(name: string): void {
    assert(!this.#names.has(name), `${name} has a slot`)
    this.#setNumber(name, nothing)
  }

  /**
   * The slot of a name; undefined when it has none, or nothing in it.
   * @throws QueueFileError when it is damaged: used offsets would be given out again
   */
  read(name: string): LightSlot | undefined {
    const number = this.#numberOf(name)
    if (number === nothing) return undefined
    const bytes = Buffer.allocUnsafe(slotBytes)
    const isThere = this.#file!.read(bytes, number * slotBytes) === slotBytes
    const slot = isThere ? readSlot(bytes) : undefined
    if (slot?.name === name) return slot
    throw new QueueFileError(`${this.path}, ${name}`, isThere ? 'is damaged' : 'is cut off')
  }

  /** The number behind the last unit of a name; 0 when it has none. */
  endOf(name: string): number {
    const slot = this.read(name)
    return slot === undefined ? 0 : slot.firstUnit + countUnits(slot.units)
  }

  /** All slots in use, in the order of the file: for who needs those of very many. */
  *all(): Iterable<LightSlot> {
    for (const [number, slot] of this.#slots()) {
      if (slot !== undefined && this.#numberOf(slot.name) === number) yield slot
    }
  }

  /**
   * Writes a slot anew. The one that it replaces is freed when this one is synced.
   * @param units that there is room for
   * @throws the file system's errors; the old slot counts then
   */
  write(name: string, firstUnit: number, units: Uint8Array): void {
    const bytes = encodeSlot({ name, serial: ++this.#serial, firstUnit }, units)
    const file = this.#opened()
    const number = this.#free.pop() ?? this.#endNumber++
    this.#isUnsynced = true
    try {
      // Its first byte says that it is in use: a write that ended in the middle leaves a slot that is free.
      file.write(bytes.subarray(1), number * slotBytes + 1)
      file.write(bytes.subarray(0, 1), number * slotBytes)
    } catch (error) {
      this.#free.push(number)
      throw error
    }
    this.#retire(name)
    this.#setNumber(name, number)
  }

  /**
   * Adds units to the slot of a name.
   * @param index where they go among the units of the slot
   */
  append(name: string, index: number, units: Uint8Array): void {
    const number = this.#numberOf(name)
    assert(number !== nothing, `${name} has no slot`)
    this.#file!.write(units, number * slotBytes + unitsStart(name) + index * unitBytes)
    this.#isUnsynced = true
  }

  /** Cuts off the slots at the end of the file that are free. */
  trimEnd(): void {
    const sizeBytes = this.#endNumber * slotBytes
    if (this.#file === undefined || this.#file.sizeBytes() <= sizeBytes) return
    this.#file.truncate(sizeBytes)
    this.#isUnsynced = true
  }

  /**
   * Frees what a name has here. A power failure may bring it back until the next sync, and a full disk may keep it for later.
   * @throws the file system's errors; the name is there still then
   */
  remove(name: string): void {
    const number = this.#numberOf(name)
    // Those that were replaced go first: none of them may be the last one left when the process dies.
    for (const retired of [this.#retiring, this.#retired]) {
      const numbers = retired.get(name)
      if (numbers === undefined) continue
      retired.delete(name)
      this.#release(numbers)
    }
    if (number !== nothing) this.#releaseNamed(number)
    this.#names.delete(name)
  }

  /**
   * Like `remove`, and the name stays. Nothing is kept for later: units that do not count might count later.
   * @throws the file system's errors
   */
  empty(name: string): void {
    this.remove(name)
    this.#setNumber(name, nothing)
    this.freeKept()
  }

  /** The units of a queue are elsewhere: its slot is freed when they are synced there. */
  moved(name: string): void {
    this.#retire(name)
    // Its files are synced although it had nothing here.
    if (!this.#retired.has(name)) this.#retired.set(name, [])
    this.#names.delete(name)
  }

  /** Frees everything. */
  clear(): void {
    this.#names.clear()
    this.#retired.clear()
    this.#toFree.clear()
    this.#free.length = 0
    this.#endNumber = 1
    this.#damaged = []
    this.#file?.truncate(0)
    this.#hasHead = false
    this.#isUnsynced = this.#file !== undefined
  }

  /**
   * Makes what was written survive a power failure, then frees the slots that were replaced before.
   * @param syncElsewhere syncs the units of a queue that moved: it is given the names of all slots that are to be freed
   */
  async syncAndFree(syncElsewhere: (names: Iterable<string>) => Promise<void>): Promise<void> {
    const retiring = this.#retired
    this.#retired = new Map()
    this.#retiring = retiring
    await this.sync()
    await syncElsewhere(retiring.keys())
    this.#releaseAll(retiring)
  }

  /** Like `syncAndFree`, before it returns. */
  syncAndFreeNow(syncElsewhere: (names: Iterable<string>) => void): void {
    this.syncNow()
    syncElsewhere(this.replacedNames())
    this.#releaseAll(this.#retiring)
    this.#releaseAll(this.#retired)
    this.syncNow()
  }

  /** Makes what was written survive a power failure. */
  async sync(): Promise<void> {
    // One that began before the last write does not cover it.
    while (this.#syncing !== undefined && this.#isUnsynced) await this.#syncing
    if (this.#isUnsynced) {
      this.#isUnsynced = false
      this.#syncing = this.#syncFile(this.#file!)
    }
    await this.#syncing
  }

  /** Like `sync`, before it returns. */
  syncNow(): void {
    if (!this.#isUnsynced && this.#syncing === undefined) return
    this.#file!.syncDataNow()
    this.#isUnsynced = false
  }

  close(): void {
    // A sync in the background may go on. It frees nothing more: the system may have given the descriptor to another file.
    this.#retired.clear()
    this.#retiring.clear()
    this.#toFree.clear()
    this.#file?.close()
  }

  #numberOf(name: string): number {
    const ofName = this.#names.get(name)
    return ofName === undefined ? nothing : this.#numbers[ofName]!
  }

  #setNumber(name: string, number: number): void {
    const ofName = this.#names.add(name)
    if (ofName >= this.#numbers.length) {
      const before = this.#numbers
      this.#numbers = new Uint32Array(ofName * 2)
      this.#numbers.set(before)
    }
    this.#numbers[ofName] = number
  }

  #retire(name: string): void {
    const number = this.#numberOf(name)
    if (number !== nothing) this.#noteRetired(name, number)
  }

  #noteRetired(name: string, number: number): void {
    const numbers = this.#retired.get(name)
    if (numbers === undefined) this.#retired.set(name, [number])
    else numbers.push(number)
  }

  #releaseAll(retired: Map<string, number[]>): void {
    for (const numbers of retired.values()) for (const number of numbers) this.#toFree.add(number)
    retired.clear()
    this.#release([])
  }

  /** Frees slots, behind those that a full disk has kept; what it keeps of these is freed later. */
  #release(numbers: Iterable<number>): void {
    for (const number of numbers) this.#toFree.add(number)
    try {
      this.freeKept()
    } catch (error) {
      if (!isDiskFull(error)) throw error
    }
  }

  #releaseNamed(number: number): void {
    try {
      this.#release([number])
    } catch (error) {
      // As long as a name has it, nobody else may get it.
      this.#toFree.delete(number)
      throw error
    }
  }

  async #syncFile(file: FileHandle): Promise<void> {
    try {
      await file.syncData()
    } catch (error) {
      this.#isUnsynced = true
      throw error
    } finally {
      this.#syncing = undefined
    }
  }

  #opened(): FileHandle {
    if (this.#file === undefined) {
      this.#file = this.#files.fileSystem.open(this.path, 'create')
      this.#files.noteNames(dirname(this.path))
    }
    if (this.#hasHead) return this.#file
    const head = Buffer.alloc(slotBytes)
    head.writeUInt32BE(fileMagic, 0)
    head.writeUInt32BE(version, 8)
    head.writeUInt32BE(slotBytes, 12)
    head.writeUInt32BE(crc32(head.subarray(8)), 4)
    this.#file.write(head, 0)
    this.#hasHead = true
    return this.#file
  }

  /** The numbers of all slots with what they say; undefined for those that are not in use. */
  *#slots(): Iterable<[number: number, slot: LightSlot | undefined, isFree: boolean]> {
    const file = this.#file
    if (file === undefined) return
    const bytes = Buffer.allocUnsafe(slotsPerRead * slotBytes)
    for (let first = 0; ; first += slotsPerRead) {
      const count = Math.floor(file.read(bytes, first * slotBytes) / slotBytes)
      for (let index = first === 0 ? 1 : 0; index < count; index++) {
        const slot = bytes.subarray(index * slotBytes, (index + 1) * slotBytes)
        yield [first + index, readSlot(slot), isFreeSlot(slot)]
      }
      if (count < slotsPerRead) return
    }
  }

  #readHead(file: FileHandle): void {
    const head = Buffer.alloc(slotBytes)
    file.read(head, 0)
    // Where it is not whole, the file was never synced.
    if (head.readUInt32BE(0) !== fileMagic || head.readUInt32BE(4) !== crc32(head.subarray(8))) return
    this.#hasHead = true
    if (head.readUInt32BE(8) === version && head.readUInt32BE(12) === slotBytes) return
    throw new StoreLayoutError(
      `${this.path} was made by a later version of the broker, which can open it. To make the queues of this store ` +
        `again, ${howToMakeQueuesAgain}`,
    )
  }

  #readNames(): void {
    const serials = new Map<string, number>()
    const free: number[] = []
    for (const [number, slot, isFree] of this.#slots()) {
      if (isFree) {
        free.push(number)
        continue
      }
      this.#endNumber = number + 1
      if (slot === undefined) {
        this.#damaged.push(number)
        continue
      }
      const { name, serial } = slot
      this.#serial = Math.max(this.#serial, serial)
      const known = this.#numberOf(name)
      if (known === nothing) {
        this.#setNumber(name, number)
        continue
      }
      // The process died before it freed the older one.
      const knownSerial = serials.get(name) ?? this.read(name)!.serial
      const isNewer = serial > knownSerial
      serials.set(name, Math.max(serial, knownSerial))
      this.#noteRetired(name, isNewer ? known : number)
      if (isNewer) this.#setNumber(name, number)
    }
    // Slots are taken from the end of the list: those at the front of the file first.
    for (const number of free.toReversed()) if (number < this.#endNumber) this.#free.push(number)
  }
}
