import { Admin, Consumer, Producer } from '@rocketmq-ts/client'
import { ClusterClient } from '@rocketmq-ts/client/raw'
import { encodeHost, encodeMessageProperties, recordBytes, writeRecord } from '@rocketmq-ts/protocol'
import { describe, expect, test, vi } from 'vitest'
import { double, formatted, hashOrder, permissionText, prettyJson, versionName } from '../src/mqadmin/java-text.ts'
import { optional, parseToolOptions, required, type Tool, ToolContext } from '../src/mqadmin/tool.ts'
import type { Session } from '../src/session.ts'
import { expectGolden, hostOf, neutral, open, run, startCluster, TestHost } from './cli-kit.ts'

/** A cluster with a message of a topic, and a group that has handled it and has no member. */
async function usedCluster(body: string) {
  const mq = await startCluster()
  await mq.topic('orders', { queues: 2 })
  const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
  const queue = { topic: 'orders', broker: 'broker', queueId: 1 }
  await producer.send({ topic: 'orders', body, keys: 'k', tag: 'T', queue })
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
  return mq
}

describe('mqadmin', () => {
  // Every line is compared with what the official tools print in interop/tests/mqadmin-own.test.ts.
  test('has the options and the output of the official tools', async () => {
    const mq = await usedCluster('hello')
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
      'mqadmin updateSubGroup -g other -c DefaultCluster',
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

  test('refuses what cannot be, and changes nothing but what it is told', async () => {
    const mq = await usedCluster('x')
    const broker = mq.brokerAddress
    await expectGolden('mqadmin-refusals', hostOf(mq), [
      'mqadmin updateOrderConf -t orders -m put -v other:4;broker:4',
      'mqadmin updateOrderConf -t orders -m nonsense',
      `mqadmin updateTopic -t orders -b ${broker} -r 2 -w 2 -o true`,
      'mqadmin updateOrderConf -t orders -m get',
      `mqadmin updateTopic -t bits -b ${broker} -p 9`,
      `mqadmin updateTopicPerm -t orders -b ${broker} -p 99`,
      `mqadmin updateTopicPerm -t orders -b ${broker} -p 6`,
      'mqadmin topicStatus -t bits',
      'mqadmin topicStatus -t orders -c nothing',
      'mqadmin queryMsgByKey -t orders -k k -c nothing',
      'mqadmin queryMsgByKey -t orders -k k -c DefaultCluster',
      'mqadmin consumerProgress -g mailer -c nothing',
      'mqadmin resetOffsetByTime -g mailer -t orders -s 0 -c nothing',
      'mqadmin resetOffsetByTime -g mailer -t orders -s 0 -b nobody',
      'mqadmin cloneGroupOffset -s mailer -d nobody -t orders',
      'mqadmin printMsg -t orders -c NOPE',
      'mqadmin printMsgByQueue -t orders -a broker -i 1 -c NOPE -f true',
      'mqadmin printMsgByQueue -t orders -a broker -i 1 -c utf-8 -f true',
      `mqadmin brokerConsumeStats -b ${broker} -t 0`,
      `mqadmin brokerConsumeStats -b ${broker} -t 20000 -l 1`,
      'mqadmin cloneGroupOffset -s mailer -d mailer -t nothing',
      'mqadmin queryMsgByOffset -t orders -b broker -i 1 -o -1',
      'mqadmin queryMsgByKey -t orders -k T -p T',
      'mqadmin queryMsgByKey -t orders -k k -p X',
      `mqadmin resetOffsetByTime -g mailer -t orders -s 0 -b ${broker} -q 1 -o 1`,
      `mqadmin resetOffsetByTime -g mailer -t orders -s 0 -b ${broker} -q 1`,
      `mqadmin resetOffsetByTime -g mailer -t orders -s 0 -b ${broker} -q 1 -o -5`,
      `mqadmin resetOffsetByTime -g mailer -t orders -s 0 -b ${broker} -q 99 -o 1`,
      'mqadmin updateTopic -t ordered -c DefaultCluster -r 1 -w 1 -o true',
      'mqadmin queryMsgTraceById -i none -t orders',
      'mqadmin consumeMessage -t orders -c 0',
      'mqadmin consumeMessage -t orders -i 1',
      'mqadmin consumeMessage -t orders -b broker -o 1',
      'mqadmin createUser -u me',
      'mqadmin getConsumerConfig -g nobody',
      'mqadmin deleteSubGroup -c DefaultCluster -g ""',
      'mqadmin cleanUnusedTopic -b ""',
      'mqadmin deleteTopic -t " " -c DefaultCluster',
      `mqadmin updateBrokerConfig -b ${broker} -k messageStorePlugIn -v ""`,
      'mqadmin updateKvConfig -s space -k key -v ""',
      'mqadmin updateKvConfig -s space -k "" -v x',
      'mqadmin help electmaster',
      `mqadmin updateSubGroup -g mailer -b ${broker} --attributes nonsense`,
      `mqadmin updateSubGroup -g mailer -b ${broker} -p nonsense`,
      `mqadmin updateSubGroup -g mailer -b ${broker} -p 1`,
    ])
  })

  test('makes static topics, gives them more queues and moves them', async () => {
    const mq = await startCluster()
    const host = hostOf(mq, { now: 1_700_000_000_000 })
    await mq.topic('ordinary')
    await expectGolden('mqadmin-static-topics', host, [
      'mqadmin updateStaticTopic -t orders -qn 2 -c DefaultCluster',
      'mqadmin updateStaticTopic -t orders -qn 3 -b broker',
      'mqadmin topicStatus -t orders',
      'mqadmin remappingStaticTopic -t orders -b broker',
      'mqadmin remappingStaticTopic -t orders -c DefaultCluster -mf /tmp/orders-1700000001000.after',
      'mqadmin updateStaticTopic -t orders -qn 3 -c DefaultCluster',
      'mqadmin updateStaticTopic -t orders -qn 1 -c DefaultCluster',
      'mqadmin updateStaticTopic -t ordinary -qn 9 -c DefaultCluster',
      'mqadmin updateStaticTopic -t orders -c DefaultCluster',
      'mqadmin updateStaticTopic -t orders -qn 4',
      'mqadmin updateStaticTopic -t orders -qn 4 -c nothing',
      'mqadmin updateStaticTopic -t orders -qn 4 -b nobody',
      'mqadmin updateStaticTopic -t orders -qn 4 -b broker -mf /none',
      'mqadmin remappingStaticTopic -t orders -b nobody',
      'mqadmin remappingStaticTopic -t nothing -b broker',
      'mqadmin help remappingStaticTopic',
    ])
    const { brokerConfigMap, ...rest } = JSON.parse(host.files.get('/tmp/orders-1700000001000.after')!)
    expect(rest).toEqual({
      ...{ topic: 'orders', type: 'CREATE_OR_UPDATE', epoch: 1_700_000_001_000 },
      ...{ brokerToMapIn: [], brokerToMapOut: [] },
    })
    expect(brokerConfigMap.broker).toMatchObject({ topicName: 'orders', readQueueNums: 3, writeQueueNums: 3 })
    expect(brokerConfigMap.broker.mappingDetail).toMatchObject({ bname: 'broker', totalQueues: 3 })
  })

  test('changes, shows and exports what it is told', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop', traceTopic: true }))
    const queue = { topic: 'orders', broker: 'broker', queueId: 1 }
    const { messageId } = await producer.send({ topic: 'orders', body: 'hello', tag: 'T', queue })
    const host = hostOf(mq, { now: Date.now() + 3_600_000 })
    host.files.set('/topics', '[{"topicName":"one","readQueueNums":1,"writeQueueNums":1},{"topicName":"two"}]')
    host.files.set('/groups', '[{"groupName":"mailer","retryMaxTimes":3}]')
    host.files.set('/empty', '[]')
    host.files.set('/bad', '{')
    await expectGolden('mqadmin-more', host, [
      'mqadmin updateTopicList -c DefaultCluster -f /topics',
      `mqadmin updateSubGroupList -b ${mq.brokerAddress} -f /groups`,
      'mqadmin updateTopicList -c DefaultCluster -f /empty',
      'mqadmin updateTopicList -c DefaultCluster -f /bad',
      'mqadmin updateTopicList -c DefaultCluster -f /none',
      'mqadmin topicRoute -t one -l',
      'mqadmin getConsumerConfig -g mailer',
      'mqadmin setConsumeMode -c DefaultCluster -t orders -g mailer -m POP -q 1',
      'mqadmin setConsumeMode -c DefaultCluster -t orders -g mailer -m PUSH',
      'mqadmin setConsumeMode -c DefaultCluster -t nothing -g mailer -m POP',
      'mqadmin allocateMQ -t orders -i b,a,c',
      'mqadmin statsAll -t orders',
      'mqadmin statsAll -a -t one',
      'mqadmin queryCq -t orders -q 1 -i 0',
      'mqadmin queryCq -t orders -q 1 -i 0 -c 1 -g mailer',
      'mqadmin consumerStatus -g mailer',
      'mqadmin exportMetadata -c DefaultCluster -f /out',
      `mqadmin exportMetadata -b ${mq.brokerAddress} -f /out -t -s`,
      `mqadmin exportMetadata -b ${mq.brokerAddress} -f /out`,
      'mqadmin exportConfigs -c DefaultCluster',
      'mqadmin exportMetrics -c DefaultCluster',
    ])
    const exported = (path: string) => JSON.parse(host.files.get(path)!)
    expect(Object.keys(exported('/out/metadata.json').topicConfigTable).sort()).toEqual(['one', 'orders', 'two'])
    expect(exported('/out/metadata.json').subscriptionGroupTable.mailer).toMatchObject({ retryMaxTimes: 3 })
    expect(exported('/out/topic.json').topicConfigTable.orders).toMatchObject({ readQueueNums: 2 })
    expect(exported('/tmp/rocketmq/export/configs.json')).toMatchObject({
      brokerConfigs: { broker: { brokerName: 'broker', brokerClusterName: 'DefaultCluster' } },
      clusterScale: { namesrvSize: 1, masterBrokerSize: 1, slaveBrokerSize: 0 },
    })
    const metrics = exported('/tmp/rocketmq/export/metrics.json')
    expect(metrics.evaluateReport.broker.runtimeQuota).toMatchObject({ topicSize: 3, groupSize: 1 })
    await producer.close()
    const traced = await run(host, 'mqadmin', 'queryMsgTraceById', '-i', messageId)
    expect(neutral(traced.stdout)).toMatch(
      /^#Type +#ProducerGroup .*\nPub +shop +127\.0\.0\.1 +TIME +\d+ms +success\n\n$/,
    )
  })

  test("shows what a group's members tell of themselves, and saves it to files", async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    await mq.topic('popped', { queues: 1 })
    const admin = open(new Admin({ nameServers: mq.nameServers }))
    await admin.createGroup('mailer')
    await admin.setRequestMode('mailer', 'popped', { mode: 'POP' })
    const topics = ['orders', 'popped']
    const consumer = open(new Consumer({ nameServers: mq.nameServers, group: 'mailer', topics, handler: () => {} }))
    await consumer.start()
    const host = hostOf(mq)
    const { stdout } = await run(host, 'mqadmin', 'consumerStatus', '-g', 'mailer')
    expect(stdout).toContain('Same subscription in the same group of consumer\n\nRebalance OK\n')
    const [path] = [...host.files.keys()]
    expect(path).toBe(`${path!.split('/')[0]}/${consumer.clientId}`)
    const saved = host.files.get(path!)!
    expect(saved).toMatch(/^001 Topic: %RETRY%mailer +ClassFilter: false +SubExpression: \*$/m)
    expect(saved).toMatch(/^orders +broker +0 +ProcessQueueInfo \[commitOffset=0, cachedMsgMinOffset=0, .*\]$/m)
    expect(saved).toMatch(
      /^popped +broker +-1 +PopProcessQueueInfo \[waitAckCount:0, droped:false, lastPopTimestamp:\d+\]$/m,
    )
    const one = await run(host, 'mqadmin', 'consumerStatus', '-g', 'mailer', '-i', consumer.clientId)
    expect(one.stdout).toContain('#Consumer Properties#\n')
  })

  test('sends messages to tell how long they take, again and again where it is told', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    const host = hostOf(mq)
    const checked = await run(host, 'mqadmin', 'checkMsgSendRT', '-t', 'orders', '-a', '3', '-s', '5')
    const row = (queueId: number) => `broker +${queueId} +true +\\d+\\n`
    expect(checked.stdout).toMatch(
      new RegExp(`^#Broker Name .*\\n${row(0)}${row(1)}${row(0)}Avg RT: \\d+\\.\\d\\d\\n$`),
    )
    expect((await mq.messages('orders')).map(({ body }) => String(body))).toEqual(['aaaaa', 'aaaaa', 'aaaaa'])
    const status = await run(host, 'mqadmin', 'sendMsgStatus', '-b', 'broker', '-c', '2', '-s', '3')
    expect(status.stdout.match(/^rt=\d+ms, SendResult=SendResult \[sendStatus=SEND_OK, msgId=.*\]$/gm)).toHaveLength(2)
    for (const [tool, pattern] of [
      [['clusterRT', '-a', '2', '-i', '1'], /(DefaultCluster +broker +\d+\.\d\d +2 +0 *\n){2}/],
      [['clusterRT', '-a', '2', '-i', '1', '-p', 'true', '-m', 'here'], /(\|here\|DefaultCluster\|broker\|\d+\n.*){2}/],
      [['clusterList', '-i', '1'], /(#Cluster Name[^#]+(#[^#]+){11}\n?){2}/],
    ] as const) {
      const repeating = hostOf(mq)
      const running = run(repeating, 'mqadmin', ...tool)
      await repeating.written(pattern)
      repeating.interrupting.abort()
      expect((await running).exitCode).toBe(0)
    }
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

  test('dumpCompactionLog shows the records of a file, up to where none stands', async () => {
    const host = new TestHost()
    const message = {
      topicBytes: Buffer.from('prices'),
      body: Buffer.from('body'),
      propertiesBytes: Buffer.from(encodeMessageProperties([['KEYS', 'k1']])),
      bornHost: encodeHost('10.0.0.1', 4711),
      storeHost: encodeHost('127.0.0.1', 10911),
      ...{ queueId: 2, flag: 0, sysFlag: 0, bornTimestamp: 1, reconsumeTimes: 0, preparedTransactionOffset: 0 },
    }
    const size = recordBytes(message)
    const file = Buffer.alloc(4 * size)
    for (const index of [0, 1]) writeRecord(file, index * size, size, message, 5 + index, index * size, 2)
    host.readFile = async (path) => {
      if (path === '/folder') throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' })
      return path === '/store/0' ? file : undefined
    }
    const dump = (...words: string[]) => run(host, 'mqadmin', 'dumpCompactionLog', ...words)
    const shown = (offset: number, position: number) =>
      `MessageExt [brokerName=null, queueId=2, storeSize=${size}, queueOffset=${offset}, sysFlag=0, bornTimestamp=1, ` +
      'bornHost=/10.0.0.1:4711, storeTimestamp=2, storeHost=/127.0.0.1:10911, ' +
      `msgId=7F00000100002A9F${position.toString(16).toUpperCase().padStart(16, '0')}, commitLogOffset=${position}, ` +
      'bodyCRC=1537739698, reconsumeTimes=0, preparedTransactionOffset=0, ' +
      "toString()=Message{topic='prices', flag=0, properties={KEYS=k1}, body=null, transactionId='null'}]\n"
    expect((await dump('-f', '/store/0')).stdout).toBe(shown(5, 0) + shown(6, size))
    expect((await dump()).stdout).toBe('miss dump log file name\n')
    expect((await dump('-f', '/none')).stderr).toContain('file /none not exist.')
    expect((await dump('-f', '/folder')).stderr).toContain('file /folder is a directory.')
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

test('a tool writes as it goes, and waits for who reads it', async () => {
  const mq = await startCluster()
  await mq.topic('orders', { queues: 1 })
  const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
  await producer.send(Array.from({ length: 40 }, () => ({ topic: 'orders', body: 'x'.repeat(1000) })))
  const host = hostOf(mq)
  const write = host.write.bind(host)
  let [underWay, most] = [0, 0]
  host.write = async (data) => {
    underWay += data.length
    most = Math.max(most, underWay)
    await new Promise((resolve) => setImmediate(resolve))
    await write(data)
    underWay -= data.length
  }
  const { stdout } = await run(host, ...'mqadmin printMsgByQueue -t orders -a broker -i 0 -p true -d true'.split(' '))
  expect(stdout.length).toBeGreaterThan(40_000)
  expect(most).toBeLessThan(10_000)
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
