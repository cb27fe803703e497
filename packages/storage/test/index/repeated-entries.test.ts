import { readdirSync } from 'node:fs'
import { nodeFileSystem } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { keyHash, topicPrefixHash } from '../../src/index/key-hash.ts'
import { KeyIndexFile } from '../../src/index/key-index-file.ts'
import { message, openStore, properties, putAll } from '../store-kit.ts'

const size = { slotCount: 97, entryCountMax: 400 }

test('a message that another broker put into the index several times is found once', async () => {
  using folder = temporaryFolder()
  const store = openStore(folder.path, { keyIndex: size })
  const keyed = message({ properties: properties({ KEYS: 'k' }) })
  const [first, second] = await putAll(store, [keyed, keyed])
  await store.close()

  const [name] = readdirSync(`${folder.path}/index`)
  const file = new KeyIndexFile(nodeFileSystem, `${folder.path}/index/${name}`, size)
  const hash = keyHash(topicPrefixHash(keyed.topic), 'k')
  for (let times = 0; times < 3; times++) file.add(hash, second!.physicalOffset, file.endTimestamp)
  file.write()

  const reopened = openStore(folder.path, { keyIndex: size })
  const find = (countMax: number) => reopened.findByKey(keyed.topic, 'k', 'key', countMax, 0, Number.MAX_SAFE_INTEGER)
  expect(find(9)).toEqual([second!.physicalOffset, first!.physicalOffset])
  expect(find(1)).toEqual([second!.physicalOffset])
  await reopened.close()
})
