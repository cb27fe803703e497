import { nodeFileSystem } from '@rocketmq-ts/platform'
import { FaultyFileSystem, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { ChangeJournal } from '../../src/kept/change-journal.ts'
import { recordingLog } from './config-kit.ts'

describe('a journal on a full disk', () => {
  test('leaves out what it cannot write, says so, and holds whole lines only', () => {
    using folder = temporaryFolder()
    const { log, lines } = recordingLog()
    const disk = new FaultyFileSystem(nodeFileSystem)
    const path = `${folder.path}/topics.journal`
    const journal = new ChangeJournal(disk, path, log)
    expect(journal.read('v1')).toEqual([])
    journal.append('one')
    disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
    journal.append('a long change that is written in half')
    expect(lines).toEqual([{ level: 'error', message: expect.stringMatching(/last once the file/) }])
    journal.append('two')
    journal.close()
    expect(new ChangeJournal(disk, path, log).read('v1')).toEqual(['one', 'two'])
  })

  test('says once that it cannot write, until it could', () => {
    using folder = temporaryFolder()
    const { log, lines } = recordingLog()
    const disk = new FaultyFileSystem(nodeFileSystem)
    const journal = new ChangeJournal(disk, `${folder.path}/topics.journal`, log)
    journal.read('v1')
    const fail = (): void => {
      disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
      journal.append('change')
    }
    for (let count = 0; count < 5; count++) fail()
    expect(lines).toHaveLength(1)
    journal.append('change')
    fail()
    expect(lines).toHaveLength(2)
    journal.close()
  })

  test('begins anew when its first line could not be written', () => {
    using folder = temporaryFolder()
    const { log } = recordingLog()
    const disk = new FaultyFileSystem(nodeFileSystem)
    const path = `${folder.path}/topics.journal`
    const journal = new ChangeJournal(disk, path, log)
    journal.read('a version')
    disk.add({ operation: 'write', kind: 'no-space', label: 'full' })
    journal.append('one')
    journal.append('two')
    journal.close()
    expect(new ChangeJournal(disk, path, log).read('a version')).toEqual(['two'])
  })
})
