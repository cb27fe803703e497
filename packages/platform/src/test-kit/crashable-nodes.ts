import type { SeededRandom } from './seeded-random.ts'
import { SparseBytes } from './sparse-bytes.ts'

const sectorBytes = 512

type FileChange = { kind: 'write'; position: number; bytes: Buffer } | { kind: 'truncate'; sizeBytes: number }

function applyChange(target: SparseBytes, change: FileChange): void {
  if (change.kind === 'write') target.write(change.bytes, change.position)
  else target.truncate(change.sizeBytes)
}

/** A file: what programs see, what is durable, and the changes between the two. */
export class FileNode {
  readonly kind = 'file'
  /** What programs read. */
  content = new SparseBytes()
  #durable = new SparseBytes()
  /** Made since the last sync, in order. */
  #changes: FileChange[] = []
  #syncedCount = 0
  modifiedMs: number

  constructor(nowMs: number) {
    this.modifiedMs = nowMs
  }

  write(data: Uint8Array, position: number): void {
    this.#add({ kind: 'write', position, bytes: Buffer.from(data) })
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes !== this.content.sizeBytes) this.#add({ kind: 'truncate', sizeBytes })
  }

  /** How many changes were made so far: a sync that starts now makes these durable. */
  get changeCount(): number {
    return this.#syncedCount + this.#changes.length
  }

  /** Makes the first `changeCount` changes durable. */
  sync(changeCount: number): void {
    const count = Math.max(0, changeCount - this.#syncedCount)
    for (const change of this.#changes.splice(0, count)) applyChange(this.#durable, change)
    this.#syncedCount += count
  }

  /** The power fails: decides what of the unsynced changes is on the disk. */
  crash(random: SeededRandom): void {
    if (this.#changes.length > 0) {
      const fate = random.below(4)
      if (fate === 1) this.#keepPrefix(random)
      else if (fate === 2) this.#keepSectors(random)
      else if (fate === 3) this.sync(this.changeCount)
      this.#syncedCount += this.#changes.length
      this.#changes = []
    }
    this.content = this.#durable.copy()
  }

  #add(change: FileChange): void {
    applyChange(this.content, change)
    this.#changes.push(change)
  }

  /** The changes reached the disk in order, until the power failed in the middle of one. */
  #keepPrefix(random: SeededRandom): void {
    const count = random.below(this.#changes.length)
    const torn = this.#changes[count]!
    this.sync(this.#syncedCount + count)
    if (torn.kind === 'truncate') return
    const bytes = torn.bytes.subarray(0, random.below(torn.bytes.length + 1))
    applyChange(this.#durable, { ...torn, bytes })
  }

  /** Each sector is as it was after some of the changes that touched it, and so is the size. */
  #keepSectors(random: SeededRandom): void {
    const survivor = this.#durable
    const versions = this.#versionsBySector()
    const sizes = [survivor.sizeBytes]
    const replayed = survivor.copy()
    for (const change of this.#changes) {
      applyChange(replayed, change)
      sizes.push(replayed.sizeBytes)
    }
    for (const [sector, contents] of versions) {
      const chosen = random.below(contents.length + 1)
      if (chosen > 0) survivor.write(contents[chosen - 1]!, sector * sectorBytes)
    }
    survivor.truncate(random.pick(sizes))
  }

  /** What each sector held after each change that touched it. */
  #versionsBySector(): Map<number, Buffer[]> {
    const versions = new Map<number, Buffer[]>()
    const state = this.#durable.copy()
    for (const change of this.#changes) {
      const sizeBefore = state.sizeBytes
      applyChange(state, change)
      const from = change.kind === 'write' ? change.position : Math.min(change.sizeBytes, sizeBefore)
      const to = change.kind === 'write' ? change.position + change.bytes.length : sizeBefore
      for (let sector = Math.floor(from / sectorBytes); sector * sectorBytes < to; sector++) {
        const bytes = Buffer.alloc(sectorBytes)
        state.read(bytes, sector * sectorBytes)
        const known = versions.get(sector)
        if (known === undefined) versions.set(sector, [bytes])
        else known.push(bytes)
      }
    }
    return versions
  }
}

type Node = FileNode | FolderNode

/** A change of the names in a folder: `node` undefined takes the name away. A rename is one change of two names. */
type NameChange = { name: string; node: Node | undefined }[]

/** A folder: the names that programs see, the durable ones, and the changes between the two. */
export class FolderNode {
  readonly kind = 'folder'
  names = new Map<string, Node>()
  #durable = new Map<string, Node>()
  #changes: NameChange[] = []
  /** Changes that are not among `#changes` any more. */
  #pastCount = 0

  change(change: NameChange): void {
    applyNames(this.names, change)
    this.#changes.push(change)
  }

  /** How many changes there were. */
  get changeCount(): number {
    return this.#pastCount + this.#changes.length
  }

  /** @param changeCount the first so many changes survive a power failure from now on */
  sync(changeCount: number): void {
    const synced = this.#changes.splice(0, Math.max(0, changeCount - this.#pastCount))
    for (const change of synced) applyNames(this.#durable, change)
    this.#pastCount += synced.length
  }

  /** The power fails: any of the unsynced changes of names may have reached the disk, and in all folders below too. */
  crash(random: SeededRandom): void {
    const fate = random.below(4)
    const prefixCount = random.below(this.#changes.length + 1)
    for (const [index, change] of this.#changes.entries()) {
      const survives = fate === 0 ? false : fate === 1 ? true : fate === 2 ? index < prefixCount : random.oneIn(2)
      if (survives) applyNames(this.#durable, change)
    }
    this.#pastCount += this.#changes.length
    this.#changes = []
    this.names = new Map(this.#durable)
    for (const node of this.names.values()) node.crash(random)
  }
}

function applyNames(names: Map<string, Node>, change: NameChange): void {
  for (const { name, node } of change) {
    if (node === undefined) names.delete(name)
    else names.set(name, node)
  }
}
