import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startJavaClient } from '../java/java-client.ts'
import { commands } from '../mqadmin/commands.ts'
import { furtherCommands } from '../mqadmin/further-commands.ts'
import { neutral } from '../mqadmin/normalise.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * What the pages of the official dashboard 2.1 ask name servers and brokers. Where a command of mqadmin makes the same
 * call, its name stands here, and mqadmin-same-output.test.ts compares it. The others are made by DashboardScenarios.java,
 * each under a name that begins with the words given here.
 */
const pages: Record<string, { commands: string[]; calls: string[] }> = {
  cluster: { commands: ['clusterList', 'brokerStatus', 'getBrokerConfig'], calls: [] },
  statistics: {
    commands: ['brokerStatus', 'topicList', 'topicRoute', 'statsAll'],
    calls: ['topics: groups', 'statistics:'],
  },
  topics: {
    commands: ['topicList', 'topicStatus', 'topicRoute', 'consumerProgress', 'updateTopic', 'deleteTopic'],
    calls: ['topics:'],
  },
  'consumer groups': {
    commands: ['consumerProgress', 'consumerConnection', 'consumerStatus', 'getConsumerConfig', 'updateSubGroup'],
    calls: ['groups:'],
  },
  producers: { commands: ['producerConnection'], calls: [] },
  messages: { commands: ['queryMsgByKey', 'queryMsgById', 'queryMsgByUniqueKey'], calls: ['messages:'] },
  'message traces': { commands: ['queryMsgTraceById'], calls: ['traces:'] },
  'dead letters': { commands: ['topicRoute', 'queryMsgByUniqueKey'], calls: ['dead letters:'] },
  'access control': { commands: [], calls: ['access:'] },
}

type Answers = Record<string, unknown>

/** Without authentication the official broker answers an error of the system; we say that we do not serve the request. */
const accessRefusals = { official: 1, ours: 3 }

/** We say in which setting the reason is. */
const withoutAdvice = (text: string): string => text.replace(/(message type is not supported)[^"]*/, '$1')

describe.skipIf(lacksTools('java', 'javac', 'mvn'))('the pages of the official dashboard', () => {
  let official: Answers
  let compared: Answers
  const clusters: Cluster[] = []
  const answersOf = async (target: 'ours' | 'official', label: string): Promise<Answers> => {
    const cluster = await startCluster({
      label,
      target,
      config: { traceTopicEnable: 'true', enablePropertyFilter: 'true' },
    })
    clusters.push(cluster)
    const client = await startJavaClient(cluster)
    try {
      const answers: Answers = JSON.parse(await client.run('dashboard-calls'))
      return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, comparable(cluster, answer)]))
    } finally {
      await client.kill()
    }
  }
  beforeAll(async () => {
    ;[official, compared] = await Promise.all([
      answersOf('official', 'dashboard-official'),
      answersOf(targetName(), 'dashboard-compared'),
    ])
  })
  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.dispose()))
  })

  for (const [page, { commands: words, calls }] of Object.entries(pages)) {
    it(`${page}: each call is answered as by an official cluster`, () => {
      const compares = new Set([...commands, ...furtherCommands].map(({ line }) => line.split(' ')[0]))
      for (const word of words) expect(compares).toContain(word)
      const named = (answers: Answers): Answers =>
        Object.fromEntries(Object.entries(answers).filter(([name]) => calls.some((words) => name.startsWith(words))))
      for (const words of calls) expect(Object.keys(official).some((name) => name.startsWith(words))).toBe(true)
      if (page === 'access control') {
        for (const answer of Object.values(named(official))) expect(answer).toHaveProperty('refusedWith', 1)
        const code = accessRefusals[targetName()]
        for (const answer of Object.values(named(compared))) expect(answer).toHaveProperty('refusedWith', code)
        return
      }
      expect(named(compared)).toEqual(named(official))
    })
  }

  it('are all in the table', () => {
    const prefixes = Object.values(pages).flatMap(({ calls }) => calls)
    for (const name of Object.keys(official))
      expect(
        prefixes.some((words) => name.startsWith(words)),
        name,
      ).toBe(true)
  })

  /** Without ids, times and ports, its lists in an order of their own. */
  function comparable(cluster: Cluster, answer: unknown): unknown {
    const text = neutral({ cluster, ids: new Map() }, withoutAdvice(JSON.stringify(answer)))
    // A time stood where JSON has a number.
    return sortedLists(JSON.parse(text.replaceAll(/(?<=[:[,])<time in ms>(?=[,}\]])/g, '"<time in ms>"')))
  }
})

function sortedLists(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortedLists).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sortedLists(member)]))
}
