import fs from 'node:fs'
import { createNodePlatform } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { expect, test } from 'vitest'
import { readNameServerConf } from '../src/read-name-server-conf.ts'
import { noProperties, withOverrides } from '../src/sourced-properties.ts'

const platform = createNodePlatform()
const none = { conf: noProperties, decided: {}, decidedBy: '-p' }

test('a file given by -c keeps its own changes, and is read once', () => {
  using folder = temporaryFolder()
  const confPath = `${folder.path}/namesrv.conf`
  fs.writeFileSync(confPath, 'enableTopicList=false\n')
  const conf = withOverrides(noProperties, { enableTopicList: 'true' }, 'namesrv.conf')
  const { values, keptChanges } = readNameServerConf({ ...none, conf, confPath }, platform)
  expect(values).toMatchObject({ configStorePath: confPath, enableTopicList: true })
  expect(keptChanges).toBeUndefined()
})

test('changes that requests left in another file are read at the next start, over the file given by -c', () => {
  using folder = temporaryFolder()
  const configStorePath = `${folder.path}/kept.properties`
  fs.writeFileSync(configStorePath, 'enableTopicList=false\nlistenPort=1\nconfigStorePath=/x\n')
  const conf = withOverrides(noProperties, { enableTopicList: 'true', configStorePath }, 'namesrv.conf')
  const sources = { conf, confPath: `${folder.path}/namesrv.conf`, decided: { listenPort: '9' }, decidedBy: '-p' }
  const { values, keptChanges, warnings, decidedKeys } = readNameServerConf(sources, platform)
  expect(values).toMatchObject({ configStorePath, enableTopicList: false, listenPort: 9 })
  expect(keptChanges).toBe(`changes by requests apply: enableTopicList=false (${configStorePath})`)
  expect(warnings).toEqual([
    `${configStorePath}:2: listenPort has no effect in this file`,
    `${configStorePath}:3: configStorePath has no effect in this file`,
  ])
  expect([...decidedKeys]).toEqual([['listenPort', '-p']])
})

test('without any file nothing is decided, and nothing is kept', () => {
  using folder = temporaryFolder()
  const conf = withOverrides(noProperties, { configStorePath: `${folder.path}/none` }, 'x')
  const { keptChanges, decidedKeys, warnings } = readNameServerConf(
    { ...none, conf, decided: { listenPort: undefined } },
    platform,
  )
  expect([keptChanges, decidedKeys.size, warnings]).toEqual([undefined, 0, []])
})
