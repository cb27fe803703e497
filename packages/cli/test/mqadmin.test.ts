import { Admin, Consumer, Producer } from '@rocketmq-ts/client'
import { ClusterClient } from '@rocketmq-ts/client/raw'
import { describe, expect, test, vi } from 'vitest'
import { double, formatted, hashOrder, permissionText, prettyJson, versionName } from '../src/mqadmin/java-text.ts'
import { optional, parseToolOptions, required, type Tool, ToolContext } from '../src/mqadmin/tool.ts'
import type { Session } from '../src/session.ts'
import { expectGolden, hostOf, open, run, startCluster, TestHost } from './cli-kit.ts'

describe('mqadmin', () => {
  // Every line is compared with what the official tools print in interop/tests/mqadmin-own.test.ts.
  test('has the options and the output of the official tools', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    const queue = { topic: 'orders', broker: 'broker', queueId: 1 }
    await producer.send({ topic: 'orders', body: 'hello', keys: 'k', tag: 'T', queue })
    const consumer = open(
      new Consumer({
        nameServers: mq.nameServers,
        group: 'mailer',
        topics: 'orders',
        from: 'earliest',
        handler: () => {},
      }),
    )
    await consumer.start()
    await mq.waitForIdle('mailer')
    await consumer.close()
    const [broker, nameServers] = [mq.brokerAddress, mq.nameServers]
    await expectGolden('mqadmin', hostOf(mq), [
      'mqadmin topicRoute -t orders',
      'mqadmin topicRoute --topic orders -l',
      'mqadmin topicStatus -torders',
      `mqadmin topicClusterList -t orders -n ${nameServers}`,
      'mqadmin updateTopic -t made -c DefaultCluster -r 2 -w 3 -p 4',
      'mqadmin updateTopicPerm -t made -p 6 -c DefaultCluster',
      'mqadmin deleteTopic -t made -c DefaultCluster',
      'mqadmin updateSubGroup -g made -c DefaultCluster -r 3',
      'mqadmin getConsumerConfig -g made',
      'mqadmin deleteSubGroup -g made -c DefaultCluster',
      'mqadmin consumerProgress -g mailer -t orders',
      'mqadmin consumerConnection -g mailer',
      'mqadmin resetOffsetByTime -g mailer -t orders -s 2020-01-01#00:00:00:000',
      'mqadmin skipAccumulatedMessage -g mailer -t orders',
      'mqadmin cloneGroupOffset -s mailer -d other -t orders',
      'mqadmin queryMsgByKey -t orders -k k',
      'mqadmin queryMsgByKey -t orders -k none',
      'mqadmin queryMsgByOffset -t orders -b broker -i 1 -o 0',
      'mqadmin printMsgByQueue -t orders -a broker -i 1 -f true',
      'mqadmin sendMessage -t orders -p body -k k2 -c T2 -b broker -i 0',
      'mqadmin updateKvConfig -s space -k key -v "a value with blanks"',
      'mqadmin deleteKvConfig -s space -k key',
      'mqadmin wipeWritePerm -b broker',
      'mqadmin addWritePerm -b broker',
      `mqadmin updateBrokerConfig -b ${broker} -k fileReservedTime -v 48`,
      'mqadmin cleanUnusedTopic',
      'mqadmin topicRoute -t nothing',
      'mqadmin topicRoute',
      'mqadmin topicRoute -t',
      'mqadmin topicRoute -t orders -z',
      'mqadmin topicRouet -t orders',
      'mqadmin updateTopic -t x',
      'mqadmin updateTopic -t x -c nothing',
      'mqadmin updateTopic -t x -c DefaultCluster -r many',
      'mqadmin topicRoute -t orders -n a:b:c',
      'mqadmin help topicRoute',
      'mqadmin sendMessage -h',
      'mqadmin',
    ])
  })

  test('says which name server does not answer, with where it came from', async () => {
    const host = new TestHost({ environment: { ROCKETMQ_TIMEOUT: '300ms' } })
    const outcome = await run(host, 'mqadmin', 'topicList', '-n', '127.0.0.1:1')
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(/no name server answers at 127.0.0.1:1 \(from -n\)/)
  })

  test('saves bodies where the official tools do', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const { messageId } = JSON.parse((await run(host, 'produce', 'orders', 'the body', '--json')).stdout)
    const shown = await run(host, 'mqadmin', 'queryMsgByUniqueKey', '-t', 'orders', '-i', messageId)
    const path = /Message Body Path: +(\S+)/.exec(shown.stdout)![1]!
    expect(path).toBe(`/tmp/rocketmq/msgbodys/${messageId}`)
    expect(host.files.get(path)).toBe('the body')
  })

  test.each(['../../../home/user/.bashrc', '/etc/passwd', '..', 'a/b'])(
    'saves no body outside of that folder for a message with the id "%s"',
    async (id) => {
      const mq = await startCluster()
      await mq.topic('orders', { queues: 1 })
      const host = hostOf(mq)
      await run(host, 'produce', 'orders', 'the body')
      const admin = open(new Admin({ nameServers: mq.nameServers }))
      await admin.createGroup('mailer')
      await mq.topic('%RETRY%mailer', { queues: 1 })
      const [message] = await mq.messages('orders')
      // Whoever sends to a broker sets this property as he likes.
      const systemProperties = { ...message!.systemProperties, UNIQ_KEY: id }
      await admin.redeliver('mailer', { ...message!, systemProperties })
      const tool = ['mqadmin', 'queryMsgByOffset', '-t', '%RETRY%mailer', '-b', 'broker', '-i', '0', '-o', '0']
      const shown = await run(host, ...tool)
      const placeId = /OffsetID: +(\S+)/.exec(shown.stdout)![1]!
      expect([...host.files.keys()]).toEqual([`/tmp/rocketmq/msgbodys/${placeId}`])
    },
  )
})

test('a tool with many requests has time for each of them', async () => {
  const client = new ClusterClient({ nameServers: '127.0.0.1:1' }, { name: 'mqadmin' })
  open({ [Symbol.asyncDispose]: () => client.close() })
  const session = { signal: new AbortController().signal } as Session
  const context = new ToolContext(session, client, new Map())
  const nowMs = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs + 3_600_000)
  try {
    expect(context.deadline.leftMs).toBe(10_000)
  } finally {
    clock.mockRestore()
  }
})

describe("options of the official tools' kind", () => {
  const tool: Tool = {
    name: 'tool',
    about: '',
    options: [
      required('t', 'topic', ''),
      optional('qn', 'queues', ''),
      { short: 'l', long: 'list', about: '', isFlag: true },
    ],
    run: async () => {},
  }
  const parse = (...words: string[]) => Object.fromEntries(parseToolOptions(tool, words))

  test('may be short, long, glued to their value, and of several letters', () => {
    expect(parse('-t', 'a')).toEqual({ topic: 'a' })
    expect(parse('-ta', '-l')).toEqual({ topic: 'a', list: 'true' })
    expect(parse('--topic', 'a', '-qn', '3')).toEqual({ topic: 'a', queues: '3' })
    expect(parse('--topic=a=b', '--queues=', '-n', 'x')).toEqual({ topic: 'a=b', queues: '', namesrvAddr: 'x' })
    expect(parse('-t', '-x')).toEqual({ topic: '-x' })
    expect(parse('-h')).toEqual({ help: 'true' })
  })

  test.each([[[]], [['-t']], [['-t', 'a', '-z']], [['-t', 'a', 'b']], [['--top', 'a']]])(
    '%j cannot be used',
    (words) => {
      expect(() => parse(...words)).toThrow(/tool/)
    },
  )
})

test('texts are as Java writes them', () => {
  expect(formatted('%-4s|%4s|%04d', 'a', 'b', 7)).toBe('a   |   b|0007')
  expect([double(0), double(1.5), double(3)]).toEqual(['0.0', '1.5', '3.0'])
  expect([versionName(513), versionName(401), versionName(512), versionName(0)]).toEqual([
    'V5_5_0',
    'V4_9_4',
    'V5_5_0_SNAPSHOT',
    'V_0',
  ])
  expect([6, 4, 2, 0, 7].map(permissionText)).toEqual(['RW-', 'R--', '-W-', '---', 'RWX'])
  expect(
    hashOrder(
      [
        ['TAGS', 1],
        ['KEYS', 2],
        ['UNIQ_KEY', 3],
      ],
      128,
    ).map(([key]) => key),
  ).toEqual(['UNIQ_KEY', 'TAGS', 'KEYS'])
  expect(prettyJson({ b: [], a: new Map([[0, 'x']]), c: { d: undefined, e: true } })).toBe(
    '{\n\t"a":{\n\t\t0:"x"\n\t},\n\t"b":[],\n\t"c":{\n\t\t"e":true\n\t}\n}',
  )
})
