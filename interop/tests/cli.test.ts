import { Consumer, DeadLetter, Producer } from '@rocketmq-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Outcome, run, TestHost, type TestHostOptions } from '../../packages/cli/test/cli-kit.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { targetName } from '../targets/target.ts'

const settings = {
  autoCreateTopicEnable: 'true',
  enablePropertyFilter: 'true',
  recallMessageEnable: 'true',
  traceTopicEnable: 'true',
  // The official broker writes offsets, and tells groups by what it has written, so often.
  flushConsumerOffsetInterval: '500',
}

const isOfficial = targetName() === 'official'

/**
 * Our commands against the servers of `INTEROP_TARGET`: what somebody does from day to day has to work with those that are
 * there. All JSON has to fit its schema, and what servers cannot do is said in a sentence.
 */
describe('rocketmq', () => {
  let cluster: Cluster
  let producer: Producer
  beforeAll(async () => {
    cluster = await startCluster({ label: 'cli', nameServers: 2, brokers: 2, config: settings })
    producer = new Producer({ nameServers: cluster.namesrvAddr, group: 'cli-producers', traceTopic: true })
    await producer.start()
  })
  afterAll(async () => {
    await producer?.close()
    await cluster?.dispose()
  })

  const hostOf = (options: TestHostOptions = {}): TestHost =>
    new TestHost({ ...options, environment: { NAMESRV_ADDR: cluster.namesrvAddr, ROCKETMQ_TIMEOUT: '60s' } })

  const rocketmq = (line: string, host = hostOf()): Promise<Outcome> => run(host, ...wordsOf(line))

  /** What is printed by a command that has to succeed. */
  async function printed(line: string, host = hostOf()): Promise<string> {
    const outcome = await rocketmq(line, host)
    expect(outcome.exitCode, `${line}\n${outcome.stderr}`).toBe(0)
    return outcome.stdout
  }

  async function json(line: string, host = hostOf()) {
    return JSON.parse(await printed(`${line} --json`, host))
  }

  async function jsonLines(line: string, host = hostOf()) {
    const text = await printed(`${line} --json`, host)
    return text
      .split('\n')
      .slice(0, -1)
      .map((one) => JSON.parse(one))
  }

  /** What is said by a command that has to fail: a sentence, and no stack. */
  async function refused(line: string, exitCode = 1): Promise<string> {
    const outcome = await rocketmq(line)
    expect(outcome, `${line}\n${outcome.stderr}`).toMatchObject({ exitCode, stdout: '' })
    expect(outcome.stderr).toMatch(/^rocketmq: /)
    expect(outcome.stderr).not.toMatch(/\n {4}at /)
    return outcome.stderr
  }

  let count = 0
  async function newTopic(queues = 2): Promise<string> {
    const topic = `cli-${++count}`
    await printed(`topic create ${topic} --queues ${queues}`)
    return topic
  }

  const until = (what: string, isSo: () => Promise<boolean>) =>
    pollUntil(what, async () => ((await isSo()) ? true : { notYet: 'not yet' }))

  describe('works with the servers that are there:', () => {
    it('topics are made, shown, changed and deleted', async () => {
      expect(await printed('topic create orders --queues 3')).toBe('orders is made on broker-a, broker-b.\n')
      expect(await refused('topic create orders')).toContain('orders is there already')
      expect(await json('topic create orders --if-missing')).toMatchObject({ isNew: false })
      expect(await json('topic list')).toContainEqual({ topic: 'orders', kind: 'normal' })
      expect(await json('topic list --all')).toContainEqual({ topic: 'TBW102', kind: 'system' })
      const shown = await json('topic show orders')
      expect(shown).toMatchObject({ topic: 'orders', messages: 0, groups: [] })
      expect(shown.queues).toHaveLength(6)
      expect(shown.brokers).toMatchObject([{ broker: 'broker-a', writeQueues: 3, access: 'readWrite' }, {}])
      await printed('topic change orders --queues 4 --access read --broker broker-b')
      const changed = (await json('topic show orders')).brokers
      expect(changed).toMatchObject([{ writeQueues: 3 }, { writeQueues: 4, access: 'read' }])
      await printed('topic create of-one --queues 1 --broker broker-a --attribute message.type=FIFO')
      expect((await json('topic show of-one')).brokers).toMatchObject([{ attributes: { 'message.type': 'FIFO' } }])
      expect(await refused('topic show nothing')).toContain('there is no topic nothing')
      expect(await refused('topic create x --queues 1 --broker nobody')).toContain('no broker nobody')
      expect(await printed('topic delete orders of-one --yes')).toBe('Deleted: orders, of-one.\n')
      expect(await refused('topic delete orders --yes')).toContain('there is no topic orders')
    })

    it('groups are made, shown, changed and deleted', async () => {
      expect(await printed('group create mailers --retries 3')).toBe('mailers is made on broker-a, broker-b.\n')
      expect(await json('group list')).toContainEqual({ group: 'mailers' })
      await printed('group change mailers --consume false --order true')
      expect(await json('group show mailers')).toMatchObject({
        members: [],
        brokers: [{ retriesMax: 3, consumeEnabled: false, order: true }, { broker: 'broker-b' }],
      })
      expect(await refused('group create mailers')).toContain('mailers is there already')
      expect(await refused('group change nobody --retries 1')).toContain('nobody')
      await printed('group delete mailers --yes')
      expect(await json('group list')).not.toContainEqual({ group: 'mailers' })
    })

    it('messages are sent and shown, chosen by tags, SQL92, keys and places', async () => {
      const topic = await newTopic(1)
      const at = '--queue broker-a:0'
      expect(await printed(`produce ${topic} hello --tag new --key 4711 -p size=3 --sharding-key s ${at}`)).toMatch(
        /^[0-9A-F]{32} is stored in \S+ broker-a:0@0\n$/,
      )
      await printed(`produce ${topic} again --tag old -p size=9 ${at}`)
      await printed(`produce ${topic} "number {{count}}" --template --count 3 ${at}`)
      const all = await jsonLines(`consume ${topic} -e`)
      // Sent together and without a sharding key, the official broker may store them in another order.
      expect(all.map(({ body }) => body).sort()).toEqual(['again', 'hello', 'number 1', 'number 2', 'number 3'])
      expect(all[0]).toMatchObject({
        tag: 'new',
        keys: ['4711'],
        shardingKey: 's',
        properties: { size: '3' },
        offset: 0,
      })
      const bodies = async (options: string) => printed(`consume ${topic} -e -f %v, ${options}`)
      expect(await bodies('--filter old')).toBe('again,')
      expect(await bodies('--sql "size > 5"')).toBe('again,')
      expect(await bodies('--key 4711')).toBe('hello,')
      const lastTwo = all.slice(3).map(({ body }) => `${body},`)
      expect(await bodies('--from -2')).toBe(lastTwo.join(''))
      expect(await bodies('--from offset:3')).toBe(lastTwo.join(''))
      expect(await bodies('--from -1h --count 1')).toBe('hello,')
      expect(await refused(`consume ${topic} -e --sql "size >"`)).toMatch(/SUBSCRIPTION_PARSE_FAILED|parse/)
      expect(await refused('consume nothing -e')).toContain('there is no topic nothing')
      expect(await refused('consume nothing --group g')).toContain('there is no topic nothing')
    })

    it('messages go through a pipe as they were', async () => {
      const [from, to] = [await newTopic(1), await newTopic(1)]
      const input = `${JSON.stringify({ bodyBase64: 'AP+ACg==', tag: 'T', keys: ['a', 'b'], properties: { p: 'ü' } })}\n`
      await printed(`produce ${from} --json-lines`, hostOf({ input }))
      await printed(`produce ${to} --json-lines`, hostOf({ input: await printed(`consume ${from} -e --json`) }))
      expect(await jsonLines(`consume ${to} -e`)).toMatchObject([
        { bodyBase64: 'AP+ACg==', tag: 'T', keys: ['a', 'b'], properties: { p: 'ü' } },
      ])
    })

    it('a group consumes, lags, and goes on elsewhere', async () => {
      const topic = await newTopic(1)
      const group = `${topic}-group`
      await printed(`produce ${topic} m --count 5 --queue broker-a:0`)
      await printed(`group create ${group}`)
      expect(await printed(`consume ${topic} --group ${group} --from earliest --count 3 -f %v`)).toBe('mmm')
      const lag = async () =>
        (await json(`lag ${group} --topic ${topic}`)).filter((row: { lag: number }) => row.lag > 0)
      await until('the offset', async () => (await lag())[0]?.lag === 2)
      expect(await lag()).toMatchObject([{ topic, broker: 'broker-a', queueId: 0, groupOffset: 3, endOffset: 5 }])
      const planned = await json(`offset change ${group} ${topic} --to earliest --dry-run`)
      expect(planned.changes).toContainEqual({ topic, broker: 'broker-a', queueId: 0, before: 3, after: 0 })
      expect((await lag())[0]).toMatchObject({ groupOffset: 3 })
      const place = async (target: string) => {
        await printed(`offset change ${group} ${topic} --to ${target} --yes`)
        return (await json(`offset show ${group} -t ${topic}`)).find(
          (row: { broker: string }) => row.broker === 'broker-a',
        ).groupOffset
      }
      expect(await place('offset:1')).toBe(1)
      expect(await place('shift:2')).toBe(3)
      expect(await place('latest')).toBe(5)
      expect(await place('-1h')).toBe(0)
      await printed(`group create ${group}-2`)
      await printed(`offset copy ${group} ${group}-2 ${topic} --yes`)
      expect(await json(`offset show ${group}-2`)).toContainEqual(
        expect.objectContaining({ broker: 'broker-a', groupOffset: 0, lag: 5 }),
      )
      expect(await json('lag')).toContainEqual(expect.objectContaining({ group, topic, lag: 5 }))
      expect(await rocketmq(`check lag ${group} --warning 2 --critical 5`)).toMatchObject({ exitCode: 2, stderr: '' })
      expect(await refused('lag nobody')).toContain('there is no group nobody')
      expect(await refused(`lag ${group} -t nothing`)).toContain('there is no topic nothing')
      expect(await refused(`offset change ${group} nothing --to latest --yes`)).toContain('there is no topic nothing')
    })

    it('a group pops, where that is set for it', async () => {
      const topic = await newTopic(1)
      const group = `${topic}-group`
      await printed(`group create ${group}`)
      await printed(`group mode ${group} ${topic} --set POP`)
      expect(await json(`group mode ${group}`)).toMatchObject([
        { topic, broker: 'broker-a', mode: 'POP' },
        { broker: 'broker-b' },
      ])
      await printed(`produce ${topic} p --count 2`)
      expect(await printed(`consume ${topic} --group ${group} --pop --from earliest --count 2 -f %v`)).toBe('pp')
    })

    it('single messages are found by id, key and time, and sent once more', async () => {
      const topic = await newTopic(1)
      const [sent] = await jsonLines(`produce ${topic} found --key needle --queue broker-b:0`)
      await until('the index', async () => (await json(`message find ${topic} needle`)).length === 1)
      expect(await json(`message show ${sent.messageId} -t ${topic}`)).toMatchObject({
        body: 'found',
        broker: 'broker-b',
      })
      expect(await json(`message show ${sent.offsetMessageId}`)).toMatchObject({ body: 'found', keys: ['needle'] })
      expect(await json(`message list ${topic} --from -1h`)).toMatchObject([{ body: 'found' }])
      const [again] = await json(`message resend ${sent.messageId} -t ${topic}`)
      expect(again).toMatchObject({ from: sent.messageId, topic })
      expect(again.messageId).not.toBe(sent.messageId)
      expect((await json(`topic show ${topic}`)).messages).toBe(2)
      expect(await refused(`message show ${'0'.repeat(32)} -t ${topic}`)).toContain('no message')
      expect(await refused('message list nothing')).toContain('there is no topic nothing')
    })

    it('transactions end as they are asked to', async () => {
      const topic = await newTopic(1)
      await printed(`produce ${topic} kept --transaction commit`)
      await printed(`produce ${topic} dropped --transaction rollback`)
      await until('the committed one', async () => (await printed(`consume ${topic} -e -f %v`)) === 'kept')
    })

    it('a delayed message is taken back', async () => {
      const topic = await newTopic(1)
      const [late] = await jsonLines(`produce ${topic} late --delay 1h`)
      expect(await printed(`message recall ${topic} ${late.recallHandle}`)).toContain('is taken back')
    })

    it('dead letters are shown and given back', async () => {
      const topic = await newTopic(1)
      const group = `${topic}-group`
      const options = { nameServers: cluster.namesrvAddr, group, topics: topic, from: 'earliest' } as const
      const failing = new Consumer({
        ...options,
        handler: () => {
          throw new DeadLetter()
        },
      })
      await failing.start()
      await printed(`produce ${topic} poison`)
      const letters = async () => (await json('dlq list')).find((row: { group: string }) => row.group === group)
      await until('the dead letter', async () => (await letters())?.letters === 1)
      await failing.close()
      expect(await json(`dlq show ${group}`)).toMatchObject([{ body: 'poison' }])
      expect(await json(`dlq replay ${group} --dry-run`)).toMatchObject({ replayed: 1, isDryRun: true })
      expect(await json(`dlq replay ${group}`)).toMatchObject({ replayed: 1, remaining: 0 })
      expect(await json(`dlq replay ${group}`)).toMatchObject({ replayed: 0 })
      const handled = Promise.withResolvers<string>()
      const mended = new Consumer({ ...options, handler: ({ body }) => handled.resolve(String(body)) })
      await mended.start()
      expect(await handled.promise).toBe('poison')
      await mended.close()
    })

    it('traces are shown', async () => {
      const topic = await newTopic(1)
      const { messageId } = await producer.send({ topic, body: 'traced' })
      await until('the trace', async () => (await json(`trace show ${messageId}`)).length > 0)
      expect(await json(`trace show ${messageId}`)).toMatchObject([{ event: 'sent', topic, succeeded: true }])
      expect(await json('trace list --group cli-producers')).not.toEqual([])
    })

    it('connected clients are shown, and tell how they are', async () => {
      const topic = await newTopic(1)
      const group = `${topic}-group`
      await using consumer = new Consumer({
        nameServers: cluster.namesrvAddr,
        group,
        topics: topic,
        handler: () => {},
      })
      await consumer.start()
      const { clientId } = consumer
      await until('the member', async () => (await json(`client list --group ${group}`)).length === 1)
      expect(await json(`client list --group ${group}`)).toMatchObject([
        { clientId, role: 'consumer', language: 'NODE_JS' },
      ])
      await until('its queues', async () => (await json(`client show ${group} ${clientId}`)).queues.length > 0)
      expect((await json(`group show ${group}`)).subscriptions).toContainEqual({ topic, filter: '*' })
      expect(await refused(`client show ${group} nobody`)).toContain('nobody')
    })

    it('clusters, brokers and name servers tell of themselves', async () => {
      expect(await json('cluster list')).toMatchObject([{ cluster: 'DefaultCluster', brokers: 2, answering: 2 }])
      const { nameServers, brokers } = await json('cluster show DefaultCluster')
      expect(nameServers).toHaveLength(2)
      expect(brokers).toMatchObject([
        { broker: 'broker-a', isAnswering: true, version: '5.5.0' },
        { broker: 'broker-b' },
      ])
      expect(await json('broker list')).toMatchObject([{ id: 0, address: cluster.brokers[0]!.address }, {}])
      const { status } = await json('broker show broker-a')
      expect(status).toContainEqual({ name: 'brokerVersionDesc', value: 'V5_5_0' })
      const [first] = cluster.nameServers
      expect(await json('namesrv list')).toMatchObject([{ isAnswering: true, brokers: 2 }, { isAnswering: true }])
      expect((await json(`namesrv show ${first!.address}`)).brokers).toHaveLength(2)
      expect(await refused('cluster show nothing')).toContain('there is no cluster nothing')
      expect(await refused('broker show nobody')).toContain('no broker nobody')
      for (const line of ['check disk --warning 100 --critical 100', 'check broker --expect 2', 'check topic TBW102']) {
        expect(await rocketmq(line), line).toMatchObject({ exitCode: 0, stderr: '' })
      }
      expect(await printed('check broker --prometheus')).toContain('rocketmq_check_broker{broker="broker-a"} 1\n')
    })

    it('settings of servers are shown and changed', async () => {
      expect(await json('config show broker-a fileReservedTime')).toMatchObject([{ server: 'broker-a' }])
      await printed('config change broker-a fileReservedTime=50')
      expect(await json('config show broker-a fileReservedTime')).toMatchObject([{ value: '50' }])
      expect((await json('config list broker-b --filter flush')).length).toBeGreaterThan(3)
      await printed('config change namesrv clusterTest=false')
      expect(await json('config show namesrv clusterTest')).toMatchObject([{ value: 'false' }, { value: 'false' }])
      expect(await refused('config show broker-a nonsense')).toContain('has no setting nonsense')
    })

    it('a topic is written to a file and comes back', async () => {
      const topic = await newTopic(1)
      await printed(`produce ${topic} "order {{count}}" --template --count 20 --key k --queue broker-a:0`)
      const host = hostOf()
      expect(await json(`backup ${topic} /orders.jsonl`, host)).toMatchObject({ messages: 20 })
      expect(await json(`restore /orders.jsonl ${topic}-copy --create`, host)).toMatchObject({ messages: 20 })
      const copies = await jsonLines(`consume ${topic}-copy -e`)
      expect(copies.map(({ body }) => body).sort()).toEqual(
        Array.from({ length: 20 }, (_, n) => `order ${n + 1}`).sort(),
      )
    })

    it('a static topic is made, moved and read, and gets more queues', async () => {
      const leaders = async (line: string) =>
        (await json(line)).queues.map(({ leader, after }: { leader?: string; after?: string }) => leader ?? after)
      expect(await leaders('static create logical --queues 3 --broker broker-a')).toEqual(Array(3).fill('broker-a'))
      await printed('produce logical old --count 6')
      expect(await leaders('static move logical --broker broker-b --dry-run')).toEqual(Array(3).fill('broker-b'))
      expect(await leaders('static show logical')).toEqual(Array(3).fill('broker-a'))
      expect(await leaders('static move logical --broker broker-b --yes')).toEqual(Array(3).fill('broker-b'))
      await printed('produce logical new --count 6')
      // An official broker finds out the addresses of others at an interval.
      const bodies = await pollUntil('all messages', async () => {
        const { exitCode, stdout, stderr } = await rocketmq('consume logical -e -f %v,')
        return exitCode === 0 ? { read: stdout } : { notYet: stderr }
      })
      expect(bodies.read!.split(',').sort()).toEqual(['', ...Array(6).fill('new'), ...Array(6).fill('old')])
      expect(await leaders('static grow logical --queues 4')).toEqual([...Array(3).fill('broker-b'), 'broker-a'])
      expect((await json('static show logical')).isUnfinished).toBe(false)
      const leading = ['broker-a', 'broker-b']
      expect(await json('static list')).toEqual([
        { topic: 'logical', queues: 4, leaders: leading, isUnfinished: false },
      ])
      expect(await printed('static complete logical')).toMatch(/logical has 4 queues: 0 new, 0 moved/)
      expect(await refused(`static move ${await newTopic(1)} --broker broker-a --yes`)).toContain('ordinary topic')
    })

    it('a short measurement ends with its figures', async () => {
      const topic = await newTopic(2)
      const open = await json(`bench ${topic} --rate 100 --duration 1s --deliver`)
      expect(open.failed).toBe(0)
      expect(open.sent).toBeGreaterThan(0)
      expect(open.latencies.map(({ of }: { of: string }) => of)).toHaveLength(2)
      expect((await json(`bench ${topic} --duration 500ms --in-flight 4 --batching`)).failed).toBe(0)
    })

    it('names of the cluster are completed', async () => {
      const topic = await newTopic(1)
      expect(await printed(`__complete -- topic show ${topic}`)).toContain(topic)
      expect(await printed('__complete -- broker show broker-')).toBe('broker-a\t\nbroker-b\t\n')
    })

    it('commands of mqadmin work as well', async () => {
      expect(await printed(`mqadmin clusterList -n ${cluster.namesrvAddr}`)).toContain('broker-a')
      expect(await printed(`mqadmin topicList -n ${cluster.namesrvAddr}`)).toContain('TBW102')
    })
  })

  // Alone: for that time producers leave a broker alone.
  it('a broker is emptied, and takes messages again', async () => {
    const topic = await newTopic(1)
    await printed('broker writable broker-a off')
    await until('the other broker', async () => {
      const sent = await jsonLines(`produce ${topic} m --count 4`)
      return sent.every(({ broker }) => broker === 'broker-b')
    })
    expect((await json('broker writable broker-a on')).nameServers).toHaveLength(2)
  })

  // At last: it tells of all that the others left.
  it('doctor finds what was left, and nothing that is an error', async () => {
    const outcome = await rocketmq('doctor --json --wait 10ms')
    const findings = JSON.parse(outcome.stdout) as { severity: string; fault: string }[]
    expect(findings.filter(({ severity, fault }) => severity === 'error' && fault !== 'disk-full')).toEqual([])
    expect(outcome.exitCode).toBe(findings.some(({ severity }) => severity === 'error') ? 1 : 0)
    expect(findings.map(({ fault }) => fault)).toContain('dead-letters-grow')
    if (isOfficial) expect(outcome.stderr).toMatch(/looked at 2 name servers, 2 brokers/)
  })
})

/** Words of a line as a shell reads them. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!)
}
