import { crc32 } from 'node:zlib'
import { silentLog } from '@rocketmq-ts/platform'
import { type FuzzRow, fuzzRow, looseText, SteppedClock, sameValue } from '@rocketmq-ts/platform/test-kit'
import { parseJson, readRecord, stringifyJava } from '@rocketmq-ts/protocol'
import { compactionUnitBytes, endUnit, putCompactionUnit, readCompactionUnit } from '../../src/compaction/unit.ts'
import { DamagedFileError } from '../../src/config-file.ts'
import { KeyIndexFile } from '../../src/index/key-index-file.ts'
import { ConfigFile } from '../../src/index.ts'
import { isRecordAt } from '../../src/log/stretch.ts'
import { batchUnitBytes, putBatchUnit, readBatchUnit } from '../../src/queues/batch-unit.ts'
import { encodeSlot, readSlot, slotBytes } from '../../src/queues/light-slot.ts'
import { cutToQueueEnd } from '../../src/queues/queue-end.ts'
import { isMessage, putUnit, type QueueUnit, readUnit, simpleUnits } from '../../src/queues/queue-unit.ts'
import { CheckpointFile } from '../../src/recovery/checkpoint.ts'
import { scanLog } from '../../src/recovery/log-scan.ts'
import { parseHiddenPositions, stringifyHiddenPositions } from '../../src/retention/hidden-messages.ts'
import { SegmentFolder } from '../../src/segment-folder.ts'
import { StoreFiles } from '../../src/store-files.ts'
import { putTimerUnit, readTimerUnit, timerUnitBytes } from '../../src/timers/timer-unit.ts'
import { logBytes } from '../faults/fault-kit.ts'
import { limitedFileSystem } from './limited-file-system.ts'
import { diskWith, storeFiles } from './store-snapshot.ts'

const callsMax = 5000
const unitBytes = 20
const queueBytes = unitBytes * 32
const indexSize = { slotCount: 97, entryCountMax: 100 }
const indexPath = '/store/index/20260101000000000'

function filesLike(pattern: RegExp): Buffer[] {
  return (['closed', 'killed'] as const).flatMap((end) =>
    [...storeFiles(end)].filter(([path]) => pattern.test(path)).map(([, content]) => content),
  )
}

/** One or two files of a folder with these bytes in them. */
function segmentsWith(content: Buffer, segmentBytes: number): SegmentFolder {
  const disk = diskWith([], new SteppedClock())
  disk.makeFolder('/f')
  const starts = content.length > segmentBytes ? [0, segmentBytes] : [0]
  for (const start of starts) {
    const file = disk.open(`/f/${String(start).padStart(20, '0')}`, 'create')
    file.write(content.subarray(start, start + segmentBytes), 0)
    file.truncate(segmentBytes)
    file.close()
  }
  return new SegmentFolder(new StoreFiles(limitedFileSystem(disk, callsMax), 4), '/f', segmentBytes)
}

function unitsOf(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc(queueBytes - (content.length % queueBytes || queueBytes))])
}

function unitIn(segments: SegmentFolder, offset: number): QueueUnit {
  const bytes = Buffer.alloc(unitBytes)
  segments.read(bytes, offset * unitBytes)
  return readUnit(bytes, 0)
}

export const fileRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'unit of a consume queue',
    covers: ['readUnit'],
    seeds: () => filesLike(/\/consumequeue/).map((content) => content.subarray(0, unitBytes)),
    repair: (input) => Buffer.concat([input, Buffer.alloc(unitBytes)], unitBytes),
    decode: (input) => readUnit(Buffer.concat([input, Buffer.alloc(unitBytes)]), 0),
    check(unit) {
      if (!Object.values(unit).every(Number.isSafeInteger)) return
      const bytes = Buffer.alloc(unitBytes)
      putUnit(bytes, 0, unit.physicalOffset, unit.totalSize, unit.tagsCode)
      if (!sameValue(readUnit(bytes, 0), unit)) throw new Error('the unit does not come back')
    },
  }),
  fuzzRow({
    name: 'unit of a queue of batches',
    covers: ['readBatchUnit'],
    seeds: () => filesLike(/batchconsumequeue/).map((content) => content.subarray(0, batchUnitBytes)),
    repair: (input) => Buffer.concat([input, Buffer.alloc(batchUnitBytes)], batchUnitBytes),
    decode: (input) => readBatchUnit(Buffer.concat([input, Buffer.alloc(batchUnitBytes)]), 0),
    check(unit) {
      if (!isMessage(unit) || !Object.values(unit).every(Number.isSafeInteger)) return
      const bytes = Buffer.alloc(batchUnitBytes)
      putBatchUnit(bytes, 0, unit)
      if (!sameValue(readBatchUnit(bytes, 0), unit)) throw new Error('the unit does not come back')
    },
  }),
  fuzzRow({
    name: 'slot of a light queue',
    covers: ['readSlot'],
    seeds: () =>
      filesLike(/consumequeue\.light$/).flatMap((content) => [content.subarray(512, 1024), content.subarray(0, 512)]),
    repair(input) {
      const bytes = Buffer.concat([input, Buffer.alloc(slotBytes)], slotBytes)
      const checkedEnd = Math.min(28 + bytes.readUInt16BE(24) + bytes.readUInt16BE(26) * unitBytes, slotBytes)
      bytes.writeUInt32BE(crc32(bytes.subarray(8, checkedEnd)), 4)
      return bytes
    },
    decode: (input) => readSlot(input),
    check(slot, input) {
      if (slot === undefined) return
      const count = input.readUInt16BE(26)
      const bytes = encodeSlot(slot, slot.units.subarray(0, count * unitBytes))
      const again = readSlot(bytes)
      if (again === undefined || again.name !== slot.name) throw new Error('the slot does not come back')
      if (again.firstUnit !== slot.firstUnit || again.serial !== slot.serial)
        throw new Error('its numbers do not come back')
    },
  }),
  fuzzRow({
    name: 'unit beside a compacted log',
    covers: ['readCompactionUnit'],
    seeds() {
      const bytes = Buffer.alloc(compactionUnitBytes)
      putCompactionUnit(bytes, 0, {
        position: 4096,
        totalSize: 100,
        tagsCode: -7,
        storeTimestamp: 1000,
        queueOffset: 5,
      })
      return [bytes, endUnit()]
    },
    repair: (input) => Buffer.concat([input, Buffer.alloc(compactionUnitBytes)], compactionUnitBytes),
    decode: (input) => readCompactionUnit(Buffer.concat([input, Buffer.alloc(compactionUnitBytes)]), 0),
    check(unit) {
      if (unit === undefined || !Object.values(unit).every(Number.isSafeInteger)) return
      const bytes = Buffer.alloc(compactionUnitBytes)
      putCompactionUnit(bytes, 0, unit)
      if (!sameValue(readCompactionUnit(bytes, 0), unit)) throw new Error('the unit does not come back')
    },
  }),
  fuzzRow({
    name: 'unit of the timer log',
    covers: ['readTimerUnit'],
    seeds() {
      const bytes = Buffer.alloc(timerUnitBytes)
      const place = { previous: -1, slotMs: 5000, writtenMs: 1000, physicalOffset: 0, totalSize: 100, topicHash: 1 }
      putTimerUnit(bytes, 0, { ...place, isRoll: true, isDelete: false })
      return [bytes]
    },
    repair: (input) => Buffer.concat([input, Buffer.alloc(timerUnitBytes)], timerUnitBytes),
    decode: (input) => readTimerUnit(Buffer.concat([input, Buffer.alloc(timerUnitBytes)]), 0, 5200),
    check(unit) {
      if (unit === undefined || !Number.isSafeInteger(unit.writtenMs)) return
      const bytes = Buffer.alloc(timerUnitBytes)
      putTimerUnit(bytes, 0, unit)
      if (!sameValue(readTimerUnit(bytes, 0, 5200), unit)) throw new Error('the unit does not come back')
    },
  }),
  fuzzRow({
    name: 'end of a consume queue',
    seeds: () => filesLike(/\/consumequeue/).flatMap((content) => [content, Buffer.concat([content, content])]),
    cost: 10,
    decode(input) {
      const content = unitsOf(input).subarray(0, 2 * queueBytes)
      const isTorn = input.length % 2 === 0
      const isInLog = isTorn ? (unit: { totalSize: number }) => unit.totalSize < 1000 : undefined
      const segments = segmentsWith(content, queueBytes)
      const trust = { logPosition: 1_000_000, isInLog }
      return { segments, trust, end: cutToQueueEnd(segments, simpleUnits, trust) }
    },
    check({ segments, trust, end }) {
      if (!(Number.isInteger(end) && end >= 0 && end * unitBytes <= 2 * queueBytes)) throw new Error(`${end} is no end`)
      const units = Array.from({ length: 2 * (queueBytes / unitBytes) }, (_, offset) => unitIn(segments, offset))
      if (units.slice(end).some(isMessage) && trust.isInLog !== undefined)
        throw new Error('a unit stands behind the end')
      // With a hole among the units that count, where the search ends is not promised.
      if (
        units
          .slice(0, end)
          .some((unit) => unit.totalSize <= 0 || unit.physicalOffset + unit.totalSize > trust.logPosition)
      )
        return
      const again = cutToQueueEnd(segments, simpleUnits, trust)
      if (again !== end) throw new Error(`the second time it ends at ${again}, not ${end}`)
    },
    allocatedBytesMax: 16 * 1024 * 1024,
  }),
  fuzzRow({
    name: 'index file',
    covers: ['decodeKeyIndexHeader'],
    seeds: () => filesLike(/\/index\//),
    cost: 10,
    decode(input) {
      const disk = diskWith([[indexPath, input]], new SteppedClock())
      const file = new KeyIndexFile(limitedFileSystem(disk, callsMax), indexPath, indexSize)
      for (const hash of [0, 1, 96, 0x7fffffff]) {
        const found = [...file.find(hash)]
        if (found.length >= indexSize.entryCountMax) throw new Error('a chain is longer than the file')
      }
      return file
    },
    check(file) {
      file.cutTo(5000)
      if (!file.isWhole || file.endPhysicalOffset >= 5000) throw new Error('it was not cut')
      const isRoomLeft = file.hasRoomFor(1)
      if (isRoomLeft) file.add(12, 6000, file.beginTimestamp + 1000)
      file.finish()
      if (isRoomLeft && ![...file.find(12)].some(({ physicalOffset }) => physicalOffset === 6000)) {
        throw new Error('what was added is not found')
      }
    },
    allocatedBytesMax: 16 * 1024 * 1024,
  }),
  fuzzRow({
    name: 'checkpoint',
    seeds: () => [Buffer.alloc(0), ...filesLike(/\/checkpoint$/)],
    cost: 5,
    decode(input) {
      const disk = diskWith([['/store/checkpoint', input]], new SteppedClock())
      const file = new CheckpointFile(limitedFileSystem(disk, callsMax), '/store/checkpoint')
      return { disk, file, shared: file.shared, own: file.own }
    },
    check({ disk, file, shared }) {
      if (!Object.values(shared).every(Number.isInteger)) throw new Error('a time or position is no number')
      const written = { position: 12, logSyncedPosition: 10, bootId: 'boot' }
      const newestTimestamp = 1_700_000_000_000
      const next = { logTimestamp: 1, queuesTimestamp: 2, indexTimestamp: 3, queuesPosition: 4 }
      file.write({ ...written, newestTimestamp })
      file.writeSyncedNow(next, 11, newestTimestamp)
      const again = new CheckpointFile(disk, '/store/checkpoint')
      if (!sameValue(again.shared, next)) throw new Error('what is shared does not come back')
      const { own } = again
      if (own === undefined) return
      const expected = { written, syncedPosition: 11, newestTimestamp: own.newestTimestamp }
      if (!sameValue(own, expected) || own.newestTimestamp < newestTimestamp) {
        throw new Error('what is ours does not come back')
      }
    },
  }),
  fuzzRow({
    name: 'scan of the log',
    seeds: () => filesLike(/commitlog\/0+$/),
    cost: 10,
    decode(input) {
      const segments = segmentsWith(input.subarray(0, 2 * logBytes), logBytes)
      const positions: number[] = []
      const safe = { position: 8000, isSafe: (position: number) => position < 8000, tornFrom: 8000 }
      const end = scanLog(
        segments,
        0,
        input.length % 2 === 0,
        safe,
        (record) => void positions.push(record.physicalOffset),
      )
      return { positions, end, size: segments.endPosition }
    },
    check({ positions, end, size }) {
      if (positions.some((position, index) => index > 0 && position <= positions[index - 1]!))
        throw new Error('it goes back')
      if (!(end.position >= 0 && end.position <= size)) throw new Error(`it ends at ${end.position} of ${size}`)
    },
    allocatedBytesMax: 256 * 1024 * 1024,
  }),
  fuzzRow({
    name: 'record at its position',
    seeds: () => filesLike(/commitlog\/0+$/).map((content) => content.subarray(0, content.readInt32BE(0))),
    repair(input) {
      if (input.length >= 4) input.writeInt32BE(input.length, 0)
      return input
    },
    decode: (input) => isRecordAt(input, 0),
    check(isThere, input) {
      const reading = readRecord(input, 0)
      const isRecord = reading.kind === 'record' && reading.record.totalSize === input.length
      if (isThere !== (isRecord && reading.record.physicalOffset === 0)) throw new Error('readRecord says otherwise')
    },
  }),
  fuzzRow({
    name: 'configuration file and its copy',
    grammar: 'json',
    refusals: [DamagedFileError],
    seeds: () => ['{"a":1}', '[]'].map((text) => Buffer.from(text)),
    cost: 5,
    decode(input, random) {
      const at = random.pick(['/c/a.json', '/c/a.json.bak'])
      const disk = diskWith([[at, input]], new SteppedClock())
      const file = new ConfigFile(disk, '/c/a.json', silentLog)
      return { disk, file, value: file.load(parseJson)! }
    },
    check({ disk, file, value }) {
      file.save(stringifyJava(value))
      const again = new ConfigFile(disk, '/c/a.json', silentLog).load(parseJson)
      if (!sameValue(again, value)) throw new Error('what was saved does not come back')
    },
  }),
  fuzzRow({
    name: 'hiddenPositions.json',
    covers: ['parseHiddenPositions'],
    grammar: 'json',
    words: ['null', '[]', '1', '""', '{"hiddenBefore":null}', '{"hiddenBefore":[]}', '__proto__'],
    refusals: [Error, SyntaxError],
    seeds: () => [Buffer.from('{"hiddenBefore":{"T":4096}}'), Buffer.from('{"hiddenBefore":{}}')],
    decode: (input) => parseHiddenPositions(looseText(input)),
    check(positions) {
      if (!sameValue(parseHiddenPositions(stringifyHiddenPositions(positions)), positions)) {
        throw new Error('the positions do not come back')
      }
    },
  }),
]
