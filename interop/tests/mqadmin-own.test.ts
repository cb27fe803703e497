import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ComparedCommand, commands } from '../mqadmin/commands.ts'
import { neutral } from '../mqadmin/normalise.ts'
import { runOwnMqadmin } from '../mqadmin/own-mqadmin.ts'
import { group, idleGroup, type Prepared, prepare, topic } from '../mqadmin/state.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { lacksTools } from '../targets/tooling.ts'

/** A time and a choice of queue differ from run to run; rows of hash tables come in any order. */
const sorted = (printed: string): string => printed.split('\n').sort().join('\n')

/** The rates of the last minute, and what one tool sends after the other. */
const withoutRates = (printed: string): string => printed.replaceAll(/ +\d+\.\d\d/g, ' <rate>')

const withoutFolders = (printed: string): string => printed.replaceAll(/<time in ms>\/\S+/g, '<file>')

const withoutTimes = (printed: string): string =>
  printed
    .replaceAll(/rt=\d+ms/g, 'rt=<ms>')
    .replaceAll(/(true|false) +\d+$/gm, '$1 <ms>')
    .replaceAll(/Avg RT: \S+/g, 'Avg RT: <ms>')
    .replaceAll(/queue(Id|Offset)=\d+/g, 'queue$1=<number>')
    .replaceAll(/( in hex>)[0-9A-F]{16}/g, '$1<offset>')

const more: ComparedCommand[] = [
  { line: `topicClusterList -t ${topic}` },
  {
    line: 'updateTopicPerm -t LastTopic -p 4 -c DefaultCluster',
    view: [sorted, (printed) => printed.replaceAll(/from \d/g, 'from <perm>')],
  },
  { line: `cloneGroupOffset -s ${group} -d ${idleGroup} -t ${topic}` },
  { line: 'cleanUnusedTopic -c DefaultCluster' },
  { line: 'deleteExpiredCommitLog -c DefaultCluster' },
  { line: 'getNamesrvConfig', view: [sorted] },
  { line: 'updateNamesrvConfig -k clusterTest -v false' },
  { line: 'updateSubGroup -g other-group -c DefaultCluster', view: [sorted] },
  { line: 'deleteSubGroup -g other-group -c DefaultCluster', view: [sorted] },
  { line: `skipAccumulatedMessage -g ${idleGroup} -t ${topic}`, view: [sorted] },
  { line: `resetOffsetByTime -g ${idleGroup} -t ${topic} -s 2020-01-01#00:00:00:000`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g ${idleGroup} -m POP -q 3`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g no-such-group -m PULL`, view: [sorted] },
  { line: `setConsumeMode -c DefaultCluster -t ${topic} -g ${idleGroup} -m PULL`, view: [sorted] },
  { line: 'statsAll', view: [withoutRates, sorted] },
  { line: `statsAll -a -t ${topic}`, view: [withoutRates, sorted] },
  { line: `consumerStatus -g ${group}`, view: [withoutFolders] },
  { line: `queryCq -t ${topic} -q 1 -i 0 -c 2` },
  { line: `queryCq -t ${topic} -q 1 -i 0 -c 2 -g ${group}` },
  { line: `checkMsgSendRT -t ${topic} -a 4 -s 16`, view: [withoutTimes, sorted] },
  { line: 'sendMsgStatus -b broker-a -c 3', view: [withoutTimes] },
  { line: 'queryMsgTraceById -i no-such-message' },
]

/** Both name an error by its code; the official tools add where in their code it was. */
const codeOf = (printed: string): string | undefined => /CODE: (\d+)/.exec(printed)?.[1]

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
  for (const [number, { line, args, view = [] }] of [...commands, ...more].entries()) {
    it(`${String(number + 1).padStart(2, '0')} ${line}`, async () => {
      const words = args?.(prepared) ?? line.split(' ')
      const official = await prepared.admin.run(...words)
      const { printed, said, code } = await own(words)
      // The official tools can do this once in a process.
      if (official.includes('connect to  failed')) return
      if (official.startsWith('org.apache.rocketmq')) {
        expect(code).toBe(1)
        expect(said).toContain('rocketmq: ')
        if (codeOf(official) !== undefined && codeOf(official) !== '29') expect(codeOf(said)).toBe(codeOf(official))
        return
      }
      expect(said).toBe('')
      const look = (seen: string) => view.reduce((before, next) => next(before), neutral(prepared, seen))
      expect(look(printed)).toBe(look(official))
    })
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
