import { describe, expect, test } from 'vitest'
import { FaultKit, numbered } from '../faults/fault-kit.ts'

const rules = {
  reservedMs: 1e12,
  deleteHours: [],
  cleanRatio: 0.75,
  forceRatio: 0.85,
  fullRatio: 0.9,
  mayForce: false,
}

function open() {
  const kit = new FaultKit()
  const store = kit.open({ retentionRules: () => rules, retentionIntervalMs: 10_000 })
  const use = (ratio: number): Promise<void> => {
    kit.disk.space = { totalBytes: 1e12, freeBytes: 1e12 * (1 - ratio) }
    return kit.pass(10_000)
  }
  const told = (): string[] => {
    const lines = kit.lines.splice(0).filter((line) => line.message.includes('disk'))
    return lines.map(({ level, message }) => `${level} ${message}`)
  }
  told()
  return { kit, store, use, told }
}

describe('a store whose disk fills up', () => {
  test('warns before it refuses, once for each limit, and tells when there is space again', async () => {
    const { kit, store, use, told } = open()
    await use(0.7)
    expect(told()).toEqual([])
    await use(0.76)
    expect(told()).toEqual([
      expect.stringMatching(/^warn .*76 % full.*diskMaxUsedSpaceRatio.*90 %.*refused.*Free space/),
    ])
    await kit.pass(600_000)
    expect(told()).toEqual([])
    await use(0.86)
    expect(told()).toEqual([expect.stringMatching(/^warn .*86 % full.*diskSpaceCleanForciblyRatio/)])
    expect(await kit.put(store, numbered(1))).toMatchObject([{ kind: 'stored' }])
    await use(0.91)
    expect(told()).toEqual([expect.stringMatching(/^error .*91 % full, above 90 % \(diskSpaceWarningLevelRatio\)/)])
    expect(await kit.put(store, numbered(1))).toMatchObject([
      { kind: 'refused', cause: 'disk-full', reason: expect.stringMatching(/free space, lower fileReservedTime/) },
    ])
    await use(0.3)
    expect(told()).toEqual([
      expect.stringMatching(/^info .*30 % full.*again/),
      expect.stringMatching(/^info there is space on the disk again/),
    ])
    expect(await kit.put(store, numbered(1))).toMatchObject([{ kind: 'stored' }])
  })

  test('goes on with the other steps of retention when the disk cannot be asked', async () => {
    const { kit } = open()
    kit.faults.add({ operation: 'diskSpace', kind: 'EIO', label: 'no answer' })
    await kit.pass(10_000)
    expect(kit.alarms).toEqual([expect.stringMatching(/deleting old files failed/)])
  })
})
