import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { ChangeJournal } from '../../src/kept/change-journal.ts'
import { recordingLog } from './config-kit.ts'

const changes = ['{"first":1}', '{"名":"订单"}', '{"third":3}']

function written(): Buffer {
  const disk = new CrashableFileSystem()
  const journal = new ChangeJournal(disk, '/journal', silentLog)
  journal.read('v1')
  for (const change of changes) journal.append(change)
  return disk.readFile('/journal')!
}

function opened(bytes: Uint8Array) {
  const disk = new CrashableFileSystem()
  const { log, lines } = recordingLog()
  const file = disk.open('/journal', 'create')
  file.write(bytes, 0)
  file.close()
  const open = () => new ChangeJournal(disk, '/journal', log)
  return { open, lines }
}

test('a journal ends where it is damaged, says so, and goes on from there', () => {
  const bytes = written()
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 0x41
    const { open, lines } = opened(damaged)
    const journal = open()
    const found = journal.read('v1')
    expect(found).toEqual(changes.slice(0, found.length))
    expect(found.length).toBeLessThan(changes.length)
    if (found.length > 0)
      expect(lines).toEqual([{ level: 'warn', message: expect.stringMatching(/not written as a whole/) }])
    journal.append('{"next":1}')
    journal.close()
    expect(open().read('v1')).toEqual([...found, '{"next":1}'])
  }
})

test('a journal does not take up what was in its file before', () => {
  const bytes = written()
  const disk = new CrashableFileSystem()
  const journal = new ChangeJournal(disk, '/journal', silentLog)
  journal.read('v1')
  journal.append('{"only":1}')
  const begun = disk.readFile('/journal')!
  // The file was not cut, or parts of it came back, at a place where a line ends.
  const { open } = opened(Buffer.concat([begun, bytes.subarray(bytes.indexOf('\n') + 1)]))
  expect(open().read('v1')).toEqual(['{"only":1}'])
})
