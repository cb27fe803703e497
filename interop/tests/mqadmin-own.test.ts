import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../mqadmin/commands.ts'
import { compareOwn } from '../mqadmin/compare-own.ts'
import { moreCommands } from '../mqadmin/own-commands.ts'
import { runOwnMqadmin } from '../mqadmin/own-mqadmin.ts'
import { type Prepared, prepare } from '../mqadmin/state.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * The command line of our executable and the official tools, one after the other at the same cluster of ours: what one
 * prints to standard output the other prints too.
 */
describe.skipIf(lacksTools('java', 'javac', 'mvn'))('rocketmq mqadmin prints what mqadmin prints', () => {
  let cluster: Cluster
  let prepared: Prepared
  beforeAll(async () => {
    cluster = await startCluster({ label: 'mqadmin-own', brokers: 2, target: 'ours' })
    prepared = await prepare(cluster)
  })
  afterAll(async () => {
    await prepared?.admin.close()
    await cluster?.dispose()
  })

  const own = (args: readonly string[]) => runOwnMqadmin(cluster, args)
  for (const [number, command] of [...commands, ...moreCommands].entries()) {
    it(`${String(number + 1).padStart(2, '0')} ${command.line}`, () => compareOwn(prepared, command))
  }

  /** What both write to files, without times. */
  const exported = async (line: string, file: string) => {
    const found: unknown[] = []
    for (const [name, run] of [
      ['official', (words: string[]) => prepared.admin.run(...words)],
      ['ours', async (words: string[]) => (await own(words)).printed],
    ] as const) {
      const folder = join(cluster.target.workFolder, `export-${name}`)
      const printed = await run([...line.split(' '), '-f', folder])
      expect(printed.trim()).toBe(`export ${folder}/${file} success`)
      const { exportTime: _, ...content } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
      found.push(content)
    }
    return found
  }

  it('exportMetadata writes the same topics and groups', async () => {
    for (const [line, file] of [
      ['exportMetadata -c DefaultCluster', 'metadata.json'],
      ['exportMetadata -c DefaultCluster -t -s', 'topic.json'],
      ['exportMetadata -c DefaultCluster -g', 'subscriptionGroup.json'],
    ] as const) {
      const [official, ours] = await exported(line, file)
      expect(ours).toEqual(official)
    }
  })

  it('exportConfigs writes the same settings', async () => {
    const [official, ours] = await exported('exportConfigs -c DefaultCluster', 'configs.json')
    expect(ours).toEqual(official)
  })

  it('exportMetrics writes the same numbers but for rates', async () => {
    const [official, ours] = (await exported('exportMetrics -c DefaultCluster', 'metrics.json')).map((content) =>
      JSON.parse(JSON.stringify(content), (key, value) => (/Tps$|Ratio$|OneDay/.test(key) ? typeof value : value)),
    )
    expect(ours).toEqual(official)
  })

  it('dumpCompactionLog shows the same messages', async () => {
    const { address } = cluster.brokers[0]!
    const compacted = 'CompactedTopic'
    const attributes = ['-a', '+cleanup.policy=COMPACTION']
    await prepared.admin.run('updateTopic', '-t', compacted, '-b', address, '-r', '1', '-w', '1', ...attributes)
    for (const [key, body] of [
      ['a', 'first'],
      ['b', 'second'],
      ['c', 'with % and ü'],
    ] as const) {
      await prepared.admin.send({ topic: compacted, brokerName: 'broker-a', queueId: 0, tag: 'T', key, body })
    }
    const store = join(cluster.target.workFolder, 'stores', 'broker-a')
    const file = join(store, 'compaction', 'compactionLog', compacted, '0', '0'.repeat(20))
    const dumped = await pollUntil('three messages in the file', async () => {
      const { printed } = existsSync(file) ? await own(['dumpCompactionLog', '-f', file]) : { printed: '' }
      return printed.split('\n').length === 4 ? { found: printed } : { notYet: printed }
    })
    expect(await prepared.admin.run('dumpCompactionLog', '-f', file)).toBe(dumped.found)
    expect(await prepared.admin.run('dumpCompactionLog')).toBe((await own(['dumpCompactionLog'])).printed)
  })

  it('updateTopicList and updateSubGroupList take the same files', async () => {
    const [topics, groups] = ['topics', 'groups'].map((name) => join(cluster.target.workFolder, `${name}.json`))
    const { address } = cluster.brokers[0]!
    for (const name of ['official', 'ours']) {
      writeFileSync(
        topics!,
        JSON.stringify([{ topicName: `list-${name}`, readQueueNums: 3, writeQueueNums: 2, perm: 4 }]),
      )
      writeFileSync(groups!, JSON.stringify([{ groupName: `list-${name}`, retryMaxTimes: 2, consumeEnable: false }]))
      const printed: string[] = []
      for (const words of [
        ['updateTopicList', '-b', address, '-f', topics!],
        ['updateSubGroupList', '-b', address, '-f', groups!],
      ]) {
        printed.push(name === 'ours' ? (await own(words)).printed : await prepared.admin.run(...words))
      }
      expect(printed).toEqual([
        `submit batch of topic config to ${address} success, please check the result later.\n`,
        `submit batch of group config to ${address} success, please check the result later.\n`,
      ])
    }
    const shown = async (name: string) => [
      (await prepared.admin.run('topicRoute', '-t', name, '-l')).replaceAll(name, ''),
      (await prepared.admin.run('getConsumerConfig', '-g', name)).replaceAll(name, ''),
    ]
    expect(await shown('list-ours')).toEqual(await shown('list-official'))
  })
})
