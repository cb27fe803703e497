import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { QueueFileError, StoreLayoutError } from '../../src/index.ts'
import { slotBytes, unitsPerSlot } from '../../src/queues/light-slot.ts'
import { LightSlots } from '../../src/queues/light-slots.ts'
import { unitBytes } from '../../src/queues/queue-unit.ts'
import { StoreFiles } from '../../src/store-files.ts'
import { FaultKit, logBytes, root } from '../faults/fault-kit.ts'
import { message } from '../store-kit.ts'
import { bodiesIn, keptForAMinute, lightOpen, named } from './light-kit.ts'

const slotsPath = `${root}/consumequeue.light`
const roomFor = unitsPerSlot('%LMQ%a')

async function fill(kit: FaultKit, store: ReturnType<typeof lightOpen>, name: string, first: number, end: number) {
  for (let id = first; id < end; id++) await kit.put(store, [named(`${id}`, name)])
}

const numbers = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => `${first + index}`)

const errorsOf = (kit: FaultKit) => kit.lines.filter(({ level }) => level === 'error').map((line) => line.message)

/** What an official broker sees of a store: whether it was closed in order, and the time up to which queues are in files. */
function forOthers(kit: FaultKit): { isClosed: boolean; queuesTimestamp: number } {
  const checkpoint = kit.disk.readFile(`${root}/checkpoint`)!
  return {
    isClosed: kit.disk.status(`${root}/abort`) === undefined,
    queuesTimestamp: Number(checkpoint.readBigInt64BE(8)),
  }
}

test('a light queue with few messages takes a sector of one file, and no folder', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit, { openLightQueuesMax: 4 })
  const names = Array.from({ length: 50 }, (_, index) => `%LMQ%${index}`)
  for (const name of names) await kit.put(store, [named(name, name)])
  await kit.pass(20_000)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['T1'])
  expect(kit.disk.status(slotsPath)!.sizeBytes).toBe(51 * slotBytes)
  store.close()
  const again = lightOpen(kit)
  expect(again.recovered.replayedCount).toBe(0)
  for (const name of names) expect(await bodiesIn(again, name)).toEqual([name])
  expect([...again.lightQueueNames()].sort()).toEqual(names.sort())
})

test('slots at the end of the file that are free are given back at the next start', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  const names = Array.from({ length: 20 }, (_, index) => `%LMQ%${index}`)
  for (const name of names) await kit.put(store, [named(name, name)])
  await kit.pass(20_000)
  for (const name of names.slice(5)) store.removeLightQueue(name, () => true)
  store.close()
  const again = lightOpen(kit)
  expect(kit.disk.status(slotsPath)!.sizeBytes).toBe(6 * slotBytes)
  await kit.put(again, [named('more', '%LMQ%a')])
  await kit.pass(20_000)
  kit.disk.kill()
  expect(await bodiesIn(lightOpen(kit), '%LMQ%a')).toEqual(['more'])
})

test('one that has more gets files as the official broker lays them out, and its slot is used again', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, roomFor)
  await kit.pass(20_000)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['T1'])
  await fill(kit, store, '%LMQ%a', roomFor, roomFor + 5)
  await kit.pass(130_000)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['%LMQ%a', 'T1'])
  expect(kit.disk.list(`${root}/consumequeue/%LMQ%a/0`)).toEqual(['00000000000000000000'])
  await kit.put(store, [named('b', '%LMQ%b')])
  await kit.pass(20_000)
  expect(kit.disk.status(slotsPath)!.sizeBytes).toBe(2 * slotBytes)
  expect(await bodiesIn(store, '%LMQ%a')).toEqual(numbers(0, roomFor + 5))
  kit.disk.kill()
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, roomFor + 5))
  expect(await bodiesIn(again, '%LMQ%b')).toEqual(['b'])
})

test('units of messages that the log has deleted make room for others in the slot', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit, keptForAMinute)
  await fill(kit, store, '%LMQ%a', 0, roomFor - 1)
  const filler = Buffer.alloc(1000, 'x')
  for (let count = 0; count * 1000 < 3 * logBytes; count++) await kit.put(store, [message({ body: filler })])
  await kit.put(store, [named('kept', '%LMQ%a')])
  await kit.pass(120_000)
  store.deleteOldFiles()
  await kit.pass(30_000)
  await kit.put(store, [named('more', '%LMQ%a')])
  await kit.pass(20_000)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['T1'])
  expect(await bodiesIn(store, '%LMQ%a')).toEqual(['kept', 'more'])
  expect([store.minOffset('%LMQ%a', 0), store.maxOffset('%LMQ%a', 0)]).toEqual([roomFor - 1, roomFor + 1])
  kit.disk.kill()
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(['kept', 'more'])
  await kit.put(again, [named('last', '%LMQ%a')])
  expect(again.maxOffset('%LMQ%a', 0)).toBe(roomFor + 2)
})

test('an official broker is told to read the whole log, as long as there is a slot', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [message()])
  await kit.pass(130_000)
  expect(forOthers(kit).queuesTimestamp).toBeGreaterThan(1)
  await kit.put(store, [named('0', '%LMQ%a')])
  await kit.pass(130_000)
  expect(forOthers(kit).queuesTimestamp).toBe(1)
  store.close()
  expect(forOthers(kit)).toEqual({ isClosed: false, queuesTimestamp: 1 })
  const again = lightOpen(kit)
  expect(again.recovered.replayedCount).toBe(0)
  again.removeLightQueue('%LMQ%a', () => true)
  again.close()
  expect(forOthers(kit)).toEqual({ isClosed: true, queuesTimestamp: expect.toSatisfy((time: number) => time > 1) })
})

test('with files for each, those in slots are moved into files, where an official broker finds them', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 5)
  await kit.put(store, [named('0', '%LMQ%b')])
  store.close()
  const inFiles = lightOpen(kit, { hasLightSlots: false })
  await kit.put(inFiles, [named('5', '%LMQ%a'), named('0', '%LMQ%c')])
  inFiles.close()
  expect(forOthers(kit).isClosed).toBe(true)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['%LMQ%a', '%LMQ%b', '%LMQ%c', 'T1'])
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, 6))
  expect(await bodiesIn(again, '%LMQ%b')).toEqual(['0'])
  expect(again.lightQueueCount).toBe(3)
})

test.each([1, 2, 3])('a full disk that stops the move of all into files loses none of them (write %i)', async (nth) => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 5)
  await fill(kit, store, '%LMQ%b', 0, 3)
  await fill(kit, store, '%LMQ%c', 0, 1)
  store.close()
  kit.faults.add({ operation: 'write', path: /%LMQ%/, kind: 'no-space', nth, label: 'full' })
  expect(() => lightOpen(kit, { hasLightSlots: false })).toThrow(/full/)
  for (const changes of [{}, { hasLightSlots: false }, {}]) {
    const again = lightOpen(kit, changes)
    expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, 5))
    expect(await bodiesIn(again, '%LMQ%b')).toEqual(numbers(0, 3))
    expect(await bodiesIn(again, '%LMQ%c')).toEqual(numbers(0, 1))
    again.close()
  }
})

test('a start that failed leaves the store as closed as it was', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%a')])
  store.close()
  kit.faults.add({ operation: 'read', path: /consumequeue\.light$/, kind: 'EIO', label: 'broken' })
  expect(() => lightOpen(kit)).toThrow(/broken/)
  const again = lightOpen(kit)
  expect(again.recovered.replayedCount).toBe(0)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(['0'])
})

test('a stop that cannot mark the store as closed leaves it free, and the next start recovers it', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 3)
  kit.faults.add({ operation: 'write', path: /abort$/, kind: 'no-space', label: 'full' })
  expect(() => store.close()).toThrow(/full/)
  expect(await bodiesIn(lightOpen(kit), '%LMQ%a')).toEqual(numbers(0, 3))
})

test('when the file is gone, all queues are made again from the log', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 3)
  store.close()
  kit.disk.remove(slotsPath)
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, 3))
  expect(await bodiesIn(again, 'T1')).toEqual(numbers(0, 3))
  await kit.put(again, [named('3', '%LMQ%a')])
  expect(again.maxOffset('%LMQ%a', 0)).toBe(4)
})

test('when somebody has deleted the queues to have them made again, slots do not count', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 3)
  store.close()
  kit.flip(slotsPath, slotBytes + 40)
  kit.disk.removeFolder(`${root}/consumequeue`)
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, 3))
  expect(errorsOf(kit)).toEqual([])
})

test('one that is made again, and begins with a later message, has what stands before it as official files have', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit, keptForAMinute)
  await fill(kit, store, '%LMQ%a', 0, 5)
  const filler = Buffer.alloc(1000, 'x')
  for (let count = 0; count * 1000 < 3 * logBytes; count++) await kit.put(store, [message({ body: filler })])
  await kit.pass(120_000)
  await fill(kit, store, '%LMQ%a', 5, roomFor + 10)
  store.deleteOldFiles()
  await kit.pass(30_000)
  store.close()
  kit.disk.removeFolder(`${root}/consumequeue`)
  for (const end of ['close', 'power'] as const) {
    const again = lightOpen(kit, { consumeQueueSegmentBytes: 20 * 60 })
    expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(5, roomFor + 10))
    expect([again.minOffset('%LMQ%a', 0), again.maxOffset('%LMQ%a', 0)]).toEqual([5, roomFor + 10])
    await kit.pass(130_000)
    if (end === 'close') again.close()
    else kit.disk.crash(1)
  }
  const file = kit.disk.readFile(`${root}/consumequeue/%LMQ%a/0/00000000000000000000`)!
  expect(file.readInt32BE(8)).toBe(0x7fffffff)
  const last = lightOpen(kit, { consumeQueueSegmentBytes: 20 * 60 })
  expect(await bodiesIn(last, '%LMQ%a')).toEqual(numbers(5, roomFor + 10))
})

test('a slot that a failure of the power has torn is freed, and no damage', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%a')])
  await kit.pass(130_000)
  store.syncLogNow()
  kit.disk.crash(1)
  kit.change(slotsPath, (file) => file.write(Buffer.alloc(slotBytes, 7), 2 * slotBytes))
  const after = lightOpen(kit)
  await kit.put(after, [named('0', '%LMQ%b')])
  after.close()
  expect(await bodiesIn(lightOpen(kit), '%LMQ%b')).toEqual(['0'])
  expect(errorsOf(kit)).toEqual([])
})

test('a damaged slot is told, and the others are whole', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%a')])
  await kit.put(store, [named('1', '%LMQ%b')])
  store.close()
  kit.flip(slotsPath, slotBytes + 20)
  const again = lightOpen(kit)
  expect(errorsOf(kit)).toEqual([expect.stringContaining('light queues are damaged')])
  expect(again.lightQueueCount).toBe(1)
})

test('one whose slot is damaged while the broker runs is not taken for a new one', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit, { openLightQueuesMax: 1 })
  await fill(kit, store, '%LMQ%a', 0, 3)
  await fill(kit, store, '%LMQ%b', 0, 3)
  kit.flip(slotsPath, slotBytes + 20)
  expect(() => store.maxOffset('%LMQ%a', 0)).toThrow(QueueFileError)
  await expect(kit.put(store, [named('3', '%LMQ%a')])).rejects.toThrow(QueueFileError)
  expect(await bodiesIn(store, '%LMQ%b')).toEqual(numbers(0, 3))
})

test('whoever goes through all names meets one that moves from its slot into files meanwhile', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  for (const name of ['%LMQ%a', '%LMQ%b', '%LMQ%c']) await fill(kit, store, name, 0, roomFor)
  await kit.pass(20_000)
  await fill(kit, store, '%LMQ%c', roomFor, roomFor + 2)
  const seen: string[] = []
  for (const name of store.lightQueueNames()) {
    seen.push(name)
    if (name === '%LMQ%a') await kit.pass(20_000)
  }
  expect(kit.disk.list(`${root}/consumequeue`)).toContain('%LMQ%c')
  expect(new Set(seen)).toEqual(new Set(['%LMQ%a', '%LMQ%b', '%LMQ%c']))
})

test('one whose slot is damaged does not keep others whose messages are gone', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit, { ...keptForAMinute, openLightQueuesMax: 1 })
  store.onLightQueuesExpired((names) => names)
  for (const name of ['%LMQ%a', '%LMQ%b', '%LMQ%c', '%LMQ%d']) await fill(kit, store, name, 0, 3)
  const filler = Buffer.alloc(1000, 'x')
  for (let count = 0; count * 1000 < 3 * logBytes; count++) await kit.put(store, [message({ body: filler })])
  await kit.pass(20_000)
  kit.flip(slotsPath, 3 * slotBytes + 20)
  expect(() => store.maxOffset('%LMQ%c', 0)).toThrow(QueueFileError)
  await kit.pass(120_000)
  store.deleteOldFiles()
  await kit.pass(30_000)
  expect([...store.lightQueueNames()]).toEqual(['%LMQ%c'])
})

test('one that is removed after a full disk has stopped its move leaves no files', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, roomFor)
  await kit.pass(20_000)
  await fill(kit, store, '%LMQ%a', roomFor, roomFor + 2)
  const fault = kit.faults.add({ operation: 'write', path: /%LMQ%a/, kind: 'no-space', label: 'full', count: 1000 })
  await kit.pass(20_000)
  expect(fault.struck).toBeGreaterThan(0)
  expect(kit.disk.list(`${root}/consumequeue`)).toContain('%LMQ%a')
  store.removeLightQueue('%LMQ%a', () => true)
  store.close()
  const again = lightOpen(kit)
  expect(again.lightQueueCount).toBe(0)
  expect(kit.disk.list(`${root}/consumequeue`)).toEqual(['T1'])
})

test('a file of a later version is refused, with what to do', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%a')])
  store.close()
  const head = kit.disk.readFile(slotsPath)!.subarray(0, slotBytes)
  head.writeUInt32BE(2, 8)
  head.writeUInt32BE(crc32(head.subarray(8)), 4)
  kit.change(slotsPath, (file) => file.write(head, 0))
  expect(() => lightOpen(kit)).toThrow(StoreLayoutError)
  expect(() => lightOpen(kit)).toThrow(/later version/)
})

test('a full disk takes no message: units wait in memory, and stand in the slot when there is space', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%a')])
  kit.faults.add({ operation: 'write', path: /consumequeue\.light$/, kind: 'no-space', label: 'full' })
  await kit.pass(20_000)
  await kit.pass(60_000)
  await fill(kit, store, '%LMQ%a', 1, 3)
  await kit.pass(20_000)
  kit.disk.kill()
  expect(await bodiesIn(lightOpen(kit), '%LMQ%a')).toEqual(numbers(0, 3))
})

test('a new queue with more units than a slot holds gets its files when a full disk has space again', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await kit.put(store, [named('0', '%LMQ%b')])
  await kit.pass(20_000)
  await fill(kit, store, '%LMQ%a', 0, roomFor + 5)
  kit.faults.add({ operation: 'write', path: /%LMQ%a/, kind: 'ENOSPC', label: 'full' })
  await kit.pass(20_000)
  await kit.pass(60_000)
  await fill(kit, store, '%LMQ%a', roomFor + 5, roomFor + 7)
  await kit.pass(130_000)
  kit.disk.crash(1)
  expect(await bodiesIn(lightOpen(kit), '%LMQ%a')).toEqual(numbers(0, roomFor + 7))
})

test('units that a full disk took only after their queue had moved into files are synced', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, roomFor)
  await kit.pass(130_000)
  await fill(kit, store, '%LMQ%a', roomFor, roomFor + 5)
  // The first write moves the units of the slot, the second one adds the others.
  const full = kit.faults.add({
    operation: 'write',
    path: /%LMQ%a/,
    nth: 2,
    count: 1_000,
    kind: 'ENOSPC',
    label: 'full',
  })
  await kit.pass(130_000)
  expect(full.struck).toBeGreaterThan(1)
  full.remove()
  await kit.pass(20_000)
  await kit.pass(300_000)
  for (const seed of [1, 2, 3]) {
    kit.disk.crash(seed)
    const again = lightOpen(kit)
    expect(again.maxOffset('%LMQ%a', 0)).toBe(roomFor + 5)
  }
})

test('a stop does not wait for the files of very many queues that were moved out of their slots', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  const names = Array.from({ length: 2_100 }, (_, index) => `%LMQ%${index}`)
  for (let first = 0; first < names.length; first += 30) {
    await kit.put(store, [named(`${first}`, ...names.slice(first, first + 30))])
  }
  store.close()
  let syncCount = 0
  const fileSystem = new Proxy(kit.faults, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name === 'syncFolder') syncCount++
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  lightOpen(kit, { hasLightSlots: false, platform: { fileSystem, clock: kit.clock } }).close()
  expect(syncCount).toBeLessThan(100)
  const again = lightOpen(kit)
  for (const name of names) expect(again.maxOffset(name, 0)).toBe(1)
})

test.each([9, 14])(
  'the slot of a queue that was removed is not behind the files of the one that was made anew (%i)',
  async (count) => {
    const kit = new FaultKit({ consumeQueueSegmentBytes: 20 * 8 })
    const store = lightOpen(kit, keptForAMinute)
    await fill(kit, store, '%LMQ%a', 0, 30)
    const filler = Buffer.alloc(1000, 'x')
    for (let count = 0; count * 1000 < 3 * logBytes; count++) await kit.put(store, [message({ body: filler })])
    await kit.pass(120_000)
    await fill(kit, store, '%LMQ%a', 30, 32)
    store.deleteOldFiles()
    await kit.pass(30_000)
    store.close()
    kit.disk.removeFolder(`${root}/consumequeue`)
    const made = lightOpen(kit)
    expect([made.minOffset('%LMQ%a', 0), made.maxOffset('%LMQ%a', 0)]).toEqual([30, 32])
    await kit.pass(20_000)
    const slots = kit.disk.readFile(slotsPath)!
    made.removeLightQueue('%LMQ%a', () => true)
    await fill(kit, made, '%LMQ%a', 0, count)
    await kit.pass(130_000)
    expect(kit.disk.list(`${root}/consumequeue`)).toContain('%LMQ%a')
    kit.disk.crash(1)
    kit.change(slotsPath, (file) => file.write(slots, 0))
    const again = lightOpen(kit)
    expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(0, count))
    expect(again.maxOffset('%LMQ%a', 0)).toBe(count)
  },
)

test('a removal that a failing disk stopped leaves the last units, and gives no slot to two names', () => {
  const kit = new FaultKit()
  const open = (): LightSlots => new LightSlots(new StoreFiles(kit.faults, 4), '/slots.light')
  const units = Buffer.alloc(3 * unitBytes, 1)
  const slots = open()
  slots.add('%LMQ%a')
  for (const count of [1, 2, 3]) slots.write('%LMQ%a', 0, units.subarray(0, count * unitBytes))
  for (const nth of [2, 2]) {
    kit.faults.add({ operation: 'write', path: /slots\.light$/, nth, kind: 'EIO', label: 'broken' })
    expect(() => slots.remove('%LMQ%a')).toThrow(/broken/)
    expect(open().endOf('%LMQ%a')).toBe(3)
  }
  slots.remove('%LMQ%a')
  expect(open().count).toBe(0)
  const names = ['%LMQ%b', '%LMQ%c', '%LMQ%d', '%LMQ%e']
  for (const name of names) {
    slots.add(name)
    slots.write(name, 0, units)
  }
  expect([...open().names()].sort()).toEqual(names)
})

test('a slot of before does not go on a queue that a broker without slots has made anew', async () => {
  const kit = new FaultKit()
  const store = lightOpen(kit)
  await fill(kit, store, '%LMQ%a', 0, 5)
  store.close()
  const before = kit.disk.readFile(slotsPath)!
  const inFiles = lightOpen(kit, { hasLightSlots: false })
  inFiles.removeLightQueue('%LMQ%a', () => true)
  await fill(kit, inFiles, '%LMQ%a', 10, 12)
  inFiles.close()
  // That broker would have left it as it was.
  kit.change(slotsPath, (file) => file.write(before, 0))
  const again = lightOpen(kit)
  expect(await bodiesIn(again, '%LMQ%a')).toEqual(numbers(10, 12))
  expect(again.maxOffset('%LMQ%a', 0)).toBe(2)
})

test('a sync in the background writes nothing to the file of slots after it was closed', async () => {
  const kit = new FaultKit()
  const slots = new LightSlots(new StoreFiles(kit.faults, 4), '/slots.light')
  slots.add('%LMQ%a')
  for (const count of [1, 2]) slots.write('%LMQ%a', 0, Buffer.alloc(count * unitBytes, 1))
  const elsewhere = Promise.withResolvers<void>()
  const syncing = slots.syncAndFree(() => elsewhere.promise)
  await kit.pass(1)
  slots.close()
  const afterwards = kit.faults.add({ operation: 'write', kind: 'EIO', label: 'closed' })
  elsewhere.resolve()
  await syncing
  expect(afterwards.struck).toBe(0)
})
