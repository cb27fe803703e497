import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { ChangeJournal } from '../../src/configuration/index.ts'

test('a journal goes on right behind its changes when bytes in it are damaged', () => {
  const disk = new CrashableFileSystem()
  const file = disk.open('/journal', 'create')
  // What is no UTF-8 takes more bytes as text than it has in the file.
  file.write(Buffer.from('76310a7b2261223a317d0a7bffffffff22e8aea2e58d95227d0a7b22746f726e', 'hex'), 0)
  file.close()
  const journal = new ChangeJournal(disk, '/journal', silentLog)
  const changes = journal.read('v1')
  expect(changes).toHaveLength(2)
  journal.append('{"next":1}')
  journal.close()
  expect(new ChangeJournal(disk, '/journal', silentLog).read('v1')).toEqual([...changes, '{"next":1}'])
})
