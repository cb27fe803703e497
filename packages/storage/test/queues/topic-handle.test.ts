import fs from 'node:fs'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { isFolderName } from '../../src/queues/topic-handle.ts'
import { message, openStore, putAll } from '../store-kit.ts'

test('a topic whose name is a path does not lead out of the store', async () => {
  using folder = temporaryFolder()
  fs.mkdirSync(`${folder.path}/outside`)
  fs.writeFileSync(`${folder.path}/outside/kept`, 'kept')
  const store = openStore(`${folder.path}/store`)
  await putAll(store, [message()])
  for (const topic of ['../commitlog', '../../outside', '..', '.', '', 'a\0b', 'x'.repeat(300)]) {
    expect(isFolderName(topic)).toBe(false)
    store.removeTopic(topic)
    expect(store.maxOffset(topic, 0)).toBe(0)
    expect(store.storeTimestamp(topic, 0, 0)).toBeUndefined()
  }
  expect(fs.existsSync(`${folder.path}/outside/kept`)).toBe(true)
  expect(store.maxOffset('T1', 0)).toBe(1)
  store.close()
  const again = openStore(`${folder.path}/store`)
  expect(again.maxOffset('T1', 0)).toBe(1)
  again.close()
})
