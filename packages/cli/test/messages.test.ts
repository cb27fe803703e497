import { Consumer, Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { expectGolden, hostOf, neutral, open, run, startCluster } from './cli-kit.ts'

const bodiesOf = (stdout: string): string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).body)

describe('produce', () => {
  test('sends what is typed with everything that goes with it', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    await expectGolden('produce', hostOf(mq), [
      'produce orders hello --key 4711 --key other --tag new -p colour=blue --queue broker:1 --sharding-key s',
      'consume orders -e --json',
      'produce orders again --json --queue broker:0',
      'produce orders',
      'produce orders x --count 3 --quiet --queue broker:1',
      'produce orders x --queue nonsense',
      'produce orders x --delay soon',
      'produce orders x --delay 1s --delay-level 3',
      'produce orders x --key "two words"',
      'produce orders x --property KEYS=1',
      'produce orders --count 2',
      'produce orders x --json-lines',
      'produce orders "{{nonsense}}" --template',
      'produce orders --file /none',
    ])
  })

  test('sends lines of standard input, and passes over empty ones', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const outcome = await run(hostOf(mq, { input: 'a\n\nb\n' }), 'produce', 'orders', '--tag', 'T')
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: 'Stored in orders: 2 messages.\n' })
    expect((await mq.messages('orders')).map(({ body, tag }) => [String(body), tag])).toEqual([
      ['a', 'T'],
      ['b', 'T'],
    ])
  })

  test('tells of a message when it is stored, also while the next one is not there yet', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    host.lines = async function* () {
      yield 'a'
      await host.written(/"messageId"/)
      yield 'b'
    }
    const outcome = await run(host, 'produce', 'orders', '--json')
    expect(outcome.stderr).toBe('')
    expect(outcome.stdout.trimEnd().split('\n')).toHaveLength(2)
  })

  test('sends files whole, and standard input as one of them', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq, { input: 'line 1\nline 2\n', files: new Map([['/f', 'of a file\n']]) })
    expect((await run(host, 'produce', 'orders', '--file', '/f', '--file', '-')).exitCode).toBe(0)
    expect((await mq.messages('orders')).map(({ body }) => String(body))).toEqual(['of a file\n', 'line 1\nline 2\n'])
  })

  test('takes what consume writes in JSON, and every body comes back as it was', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    await mq.topic('copy', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    const bodies = [
      Buffer.from([0, 255, 128, 10]),
      Buffer.from('\ufeffwith a mark\r\n"quoted"'),
      Buffer.from('ü€😀\u0000'),
    ]
    for (const body of bodies) {
      await producer.send({ topic: 'orders', body, tag: 'T', keys: ['k1', 'k2'], properties: { p: '{"a":1}' } })
    }
    const { stdout } = await run(hostOf(mq), 'consume', 'orders', '-e', '--json')
    expect((await run(hostOf(mq, { input: stdout }), 'produce', 'copy', '--json-lines')).exitCode).toBe(0)
    const copies = await mq.messages('copy')
    expect(copies.map(({ body }) => body)).toEqual(bodies)
    expect(copies[0]).toMatchObject({ tag: 'T', keys: ['k1', 'k2'], properties: { p: '{"a":1}' } })
  })

  test.each([
    ['{', /line 2 is no message: /],
    ['[]', /line 2 is no message: it is no JSON object/],
    ['{}', /line 2 is no message: it has no "body"/],
    ['{"body":"x","tag":1}', /line 2 is no message: "tag" is no text/],
    ['{"body":"x","keys":[1]}', /line 2 is no message: "keys"/],
    ['{"body":"x","properties":{"a":1}}', /line 2 is no message: "properties"/],
    ['{"bodyBase64":"?"}', /line 2 is no message: "bodyBase64" is no base64/],
  ])('stops at the line %s with its number, and says how many are stored', async (line, message) => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const outcome = await run(
      hostOf(mq, { input: `{"body":{"n":1}}\n${line}\n{"body":"later"}\n` }),
      'produce',
      'orders',
      '--json-lines',
    )
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(message)
    expect(outcome.stderr).toContain('1 messages are stored')
    expect((await mq.messages('orders')).map(({ body }) => String(body))).toEqual(['{"n":1}'])
  })

  test('says how many are stored when one is refused', async () => {
    const mq = await startCluster({ maxMessageSize: '100' })
    await mq.topic('orders', { queues: 1 })
    const input = `short\n${'long'.repeat(100)}\n`
    const outcome = await run(hostOf(mq, { input }), 'produce', 'orders', '--sharding-key', 's')
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(/1 messages are stored, 1 are not: .*MESSAGE_ILLEGAL/)
  })

  test('fills templates, and keeps to a rate', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const began = performance.now()
    const args = ['--template', '--count', '5', '--rate', '100', '--key', 'k{{count}}', '--sharding-key', 's']
    await run(host, 'produce', 'orders', 'order {{count}} of {{random 3}} {{ uuid }}', ...args)
    expect(performance.now() - began).toBeGreaterThanOrEqual(40)
    const messages = await mq.messages('orders')
    expect(messages.map(({ keys }) => keys[0])).toEqual(['k1', 'k2', 'k3', 'k4', 'k5'])
    for (const { body } of messages) expect(String(body)).toMatch(/^order [1-5] of [0-9a-f]{3} [0-9a-f-]{36}$/)
  })

  test('delays, recalls, and ends transactions', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const delayed = await run(host, 'produce', 'orders', 'late', '--delay', '1h', '--json')
    const { recallHandle } = JSON.parse(delayed.stdout)
    expect((await run(host, 'produce', 'orders', 'later', '--delay', '2h')).stdout).toMatch(
      /is stored for orders on broker, recall handle/,
    )
    expect((await run(host, 'message', 'recall', 'orders', recallHandle)).stdout).toBe(
      'The message in orders is taken back.\n',
    )
    expect((await run(host, 'message', 'recall', 'orders', 'nonsense')).exitCode).not.toBe(0)
    await run(host, 'produce', 'orders', 'kept', '--transaction', 'commit')
    await run(host, 'produce', 'orders', 'dropped', '--transaction', 'rollback')
    await mq.advance('3h')
    await expect
      .poll(async () => (await mq.messages('orders')).map(({ body }) => String(body)))
      .toEqual(['kept', 'later'])
  })
})

describe('consume', () => {
  test('shows what is there from anywhere to anywhere, filtered and formatted', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    for (const [body, tag, key] of [
      ['a', 'new', 'k1'],
      ['b', 'paid', 'k2'],
      ['c', 'new', 'k3'],
    ] as const) {
      await run(host, 'produce', 'orders', body, '--tag', tag, '--key', key, '-p', `size=${key[1]}`)
    }
    await expectGolden('consume', host, [
      'consume orders -e',
      'consume orders -e --format %o|%k|%g|%v\\n',
      'consume orders -e --format "%t %b %q %a %s %V %p %%\\n"',
      'consume orders -e --filter "new || lost" -f %v\\n',
      'consume orders -e --sql "size > 2" -f %v\\n',
      'consume orders -e --key k2 -f %v\\n',
      'consume orders -e -c 2 -f %v\\n',
      'consume orders -e --from -2 -f %v\\n',
      'consume orders -e --from offset:2 -f %v\\n',
      'consume orders -e --from latest',
      'consume orders -e --from -1h -f %v\\n',
      'consume orders --to 2020-01-01',
      'consume orders -e --queue broker:0 --count 1 --json',
      'consume orders --from nonsense',
      'consume orders --to earliest',
      'consume orders --to latest --exit',
      'consume orders --filter a --sql b',
      'consume orders -e --sql "size >"',
      'consume orders -f %z',
      'consume orders --queue nonsense',
      'consume nothing -e --timeout 1s',
      'consume orders --group g --exit',
      'consume orders --group g --from -5',
    ])
  })

  test('follows what comes until it is interrupted, and commits nothing', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    const host = hostOf(mq)
    const following = run(host, 'consume', 'orders', '--from', '-1', '-f', '[%v]')
    await run(hostOf(mq), 'produce', 'orders', 'one')
    await host.written(/\[one\]/)
    host.interrupting.abort()
    expect(await following).toEqual({ exitCode: 0, stdout: '[one]', stderr: '' })
    const shown = JSON.parse((await run(hostOf(mq), 'topic', 'show', 'orders', '--json')).stdout)
    expect(shown.groups).toEqual([])
    expect((await run(hostOf(mq), 'lag', '--all', '--json')).stdout).toBe('[]\n')
  })

  test('ends when nobody reads its output any more', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const following = run(host, 'consume', 'orders', '--from', 'earliest', '-f', '%v\\n')
    await run(hostOf(mq), 'produce', 'orders', 'one')
    await host.written(/one/)
    host.closing.abort()
    expect((await following).exitCode).toBe(0)
  })

  test('fails when its output goes to a full disk, and counts as done only what is written', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const queue = { topic: 'orders', broker: 'broker', queueId: 0 }
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send(['one', 'two', 'three'].map((body) => ({ topic: 'orders', body, queue })))
    const full = 'rocketmq: standard output takes nothing more: ENOSPC: no space left on device, write\n'
    const format = ['--format', '%v\\n']
    for (const words of [
      ['consume', 'orders', '--from', 'earliest', '--exit', ...format],
      ['consume', 'orders', '--group', 'mailer', '--from', 'earliest', '--quiet', ...format],
      ['message', 'list', 'orders'],
      ['topic', 'list'],
      ['mqadmin', 'printMsg', '-t', 'orders'],
    ]) {
      const outcome = await run(hostOf(mq, { outputMax: 4 }), ...words)
      expect({ words, ...outcome, stdout: '' }).toEqual({ words, exitCode: 1, stdout: '', stderr: full })
    }
    const rest = await run(hostOf(mq), 'consume', 'orders', '--group', 'mailer', '--count', '2', ...format)
    expect(rest.stdout).toBe('two\nthree\n')
  })

  test('says nothing when its reader goes while it reads', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    await run(hostOf(mq), 'produce', 'orders', ...Array.from({ length: 100 }, (_, number) => `${number}`))
    const consumer = open(
      new Consumer({ nameServers: mq.nameServers, group: 'mailer', topics: 'orders', handler: () => {} }),
    )
    await consumer.start()
    for (const [last, ...words] of [
      ['BODY: ', 'printMsg', '-t', 'orders'],
      ['#Broker', 'getBrokerLiteInfo', '-c', 'DefaultCluster'],
      ['#Index', 'consumerStatus', '-g', 'mailer'],
    ]) {
      const host = hostOf(mq)
      const write = host.write.bind(host)
      host.write = async (data) => {
        await write(data)
        if (String(data).includes(last!)) host.closing.abort()
      }
      const outcome = await run(host, 'mqadmin', ...words)
      expect(outcome).toEqual({ exitCode: 1, stdout: expect.stringContaining(last!), stderr: '' })
    }
  })

  test('has not done its work when it is interrupted while it asks', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const write = host.write.bind(host)
    host.write = async (data) => {
      await write(data)
      host.interrupting.abort()
    }
    const outcome = await run(host, 'mqadmin', 'statsAll')
    const stdout = expect.stringMatching(/^#Topic[^\n]*\n$/)
    expect(outcome).toEqual({ exitCode: 1, stdout, stderr: 'rocketmq: ended before it was done\n' })
  })

  test('counts in a group as done what is written, and nothing else', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const queue = { topic: 'orders', broker: 'broker', queueId: 0 }
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send(['a', 'b', 'c', 'd', 'e'].map((body) => ({ topic: 'orders', body, queue })))
    const args = ['consume', 'orders', '--group', 'mailer', '--from', 'earliest', '--json']
    const first = await run(hostOf(mq), ...args, '--count', '2')
    expect(bodiesOf(first.stdout)).toEqual(['a', 'b'])
    const second = await run(hostOf(mq), ...args, '--count', '3')
    expect(bodiesOf(second.stdout)).toEqual(['c', 'd', 'e'])
    const [{ lag }] = JSON.parse((await run(hostOf(mq), 'lag', '--topic', 'orders', '--json')).stdout)
    expect(lag).toBe(0)
  })

  test('takes messages of a group by POP beside its other members, and counts as done what is written', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send(['a', 'b', 'c', 'd', 'e'].map((body) => ({ topic: 'orders', body })))
    const args = ['consume', 'orders', '--group', 'mailer', '--from', 'earliest', '--pop', '--json']
    const [first, second] = await Promise.all([2, 3].map((count) => run(hostOf(mq), ...args, '--count', `${count}`)))
    expect([...bodiesOf(first!.stdout), ...bodiesOf(second!.stdout)].sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    const host = hostOf(mq)
    const ending = run(host, ...args)
    await host.written(/A member of the group mailer/)
    await mq.advance('1h')
    host.interrupting.abort()
    expect(await ending).toMatchObject({ exitCode: 0, stdout: '' })
    const alone = await run(hostOf(mq), 'consume', 'orders', '--pop')
    expect(alone.exitCode).toBe(2)
    const puller = new Consumer({ nameServers: mq.nameServers, group: 'mailer', topics: 'orders', handler: () => {} })
    await open(puller).start()
    const refused = await run(hostOf(mq), ...args)
    expect(refused.stderr).toContain('members of mailer pull orders')
    expect(refused.exitCode).toBe(1)
  })

  test('lets no message control the terminal, and changes no byte in a pipe', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    await run(hostOf(mq), 'produce', 'orders', 'red \u001b[31m\u0007')
    const piped = await run(hostOf(mq), 'consume', 'orders', '-e', '-f', '%v')
    expect(piped.stdout).toBe('red \u001b[31m\u0007')
    const shown = await run(hostOf(mq, { isTerminal: true }), 'consume', 'orders', '-e', '-f', '%v')
    expect(shown.stdout).toBe('red \\u0007')
  })
})

describe('message', () => {
  test('shows, finds, lists and resends', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    await mq.topic('copy', { queues: 1 })
    const host = hostOf(mq)
    const produced = await run(host, 'produce', 'orders', 'hello', '--key', 'k', '--tag', 'T', '-p', 'a=b', '--json')
    const { messageId, offsetMessageId } = JSON.parse(produced.stdout)
    await run(host, 'group', 'create', 'mailer')
    await run(host, 'offset', 'change', 'mailer', 'orders', '--to', 'latest', '--yes')
    const shown = await run(host, 'message', 'show', messageId, '-t', 'orders', '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({
      messageId,
      body: 'hello',
      groups: [{ group: 'mailer', state: 'done' }],
    })
    expect((await run(host, 'message', 'show', offsetMessageId)).stdout).toMatch(/^Stored .*\n.*Topic +orders\n/s)
    expect(await run(host, 'message', 'show', messageId.replace(/....$/, '0000'), '-t', 'orders')).toMatchObject({
      exitCode: 1,
    })
    expect((await run(host, 'message', 'show', 'nonsense')).stderr).toContain('add --topic')
    const found = await run(host, 'message', 'find', 'orders', 'k', '--json')
    expect(JSON.parse(found.stdout)).toMatchObject([{ messageId, offset: 0 }])
    expect((await run(host, 'message', 'find', 'orders', 'none')).stderr).toBe('No message has the key.\n')
    expect((await run(host, 'message', 'find', 'orders', 'k', '--to', '2020-01-01', '--json')).stdout).toBe('[]\n')
    expect(JSON.parse((await run(host, 'message', 'list', 'orders', '--json')).stdout)).toHaveLength(1)
    expect((await run(host, 'message', 'list', 'orders', '--from', '+1h')).stderr).toBe('No message is there.\n')
    const dry = await run(host, 'message', 'resend', messageId, '-t', 'orders', '--to', 'copy', '--dry-run')
    expect(dry.exitCode).toBe(0)
    expect(await mq.messages('copy')).toEqual([])
    await run(host, 'message', 'resend', messageId, '-t', 'orders', '--to', 'copy', '--json')
    const [copy] = await mq.messages('copy')
    expect(copy).toMatchObject({ body: Buffer.from('hello'), keys: ['k'], tag: 'T', properties: { a: 'b' } })
    const missing = await run(host, 'message', 'resend', messageId, messageId.replace(/....$/, '0000'), '-t', 'orders')
    expect(missing.exitCode).toBe(1)
    expect(await mq.messages('orders')).toHaveLength(1)
    // Of several some may be sent: it says which.
    await mq.topic('narrow', { queues: 1 })
    const large = await run(host, 'produce', 'orders', 'x'.repeat(2000), '--json')
    await run(host, 'config', 'change', 'broker', 'maxMessageSize=1000')
    const ids = [messageId, JSON.parse(large.stdout).messageId]
    const partly = await run(host, 'message', 'resend', ...ids, '-t', 'orders', '--to', 'narrow')
    expect(partly.exitCode).toBe(1)
    expect(partly.stderr).toContain(`these are: ${messageId}`)
    expect(await mq.messages('narrow')).toHaveLength(1)
  })
})

describe('dlq', () => {
  test('shows dead letters and gives them back to their group, each once', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const received: string[] = []
    let isBroken = true
    const consumer = open(
      new Consumer({
        nameServers: mq.nameServers,
        group: 'mailer',
        topics: 'orders',
        from: 'earliest',
        attemptsMax: 1,
        handler({ body }) {
          if (isBroken) throw new Error('broken')
          received.push(String(body))
        },
      }),
    )
    await consumer.start()
    await run(host, 'produce', 'orders', 'a', 'b', 'c')
    await expect.poll(async () => (await mq.messages('%DLQ%mailer')).length).toBe(3)
    isBroken = false
    await expectGolden('dlq', host, [
      'dlq list',
      'dlq show mailer --limit 1',
      'dlq show mailer --limit 1 --json',
      'dlq show nobody',
      'dlq replay mailer --dry-run',
      'dlq replay mailer --limit 2',
      'dlq list --json',
      'dlq replay mailer --json',
      'dlq replay mailer',
      'dlq replay mailer --again --dry-run',
      'dlq replay nobody',
      'dlq replay mailer --limit 0',
    ])
    await expect.poll(() => received.toSorted()).toEqual(['a', 'b', 'c'])
    // Those that are given back once more do not come a third time.
    const again = await run(host, 'dlq', 'replay', 'mailer', '--again', '--limit', '1')
    expect(again.stdout).toBe('1 dead letters are given back to mailer, and 2 remain.\n')
    expect(JSON.parse((await run(host, 'dlq', 'list', '--json')).stdout)).toMatchObject([{ replayed: 3, remaining: 0 }])
    // How far they were given back is no group of the user's.
    expect((await run(host, 'lag')).stdout).not.toContain('TOOLS_DLQ_REPLAY')
    expect((await run(host, 'group', 'list')).stdout).not.toContain('TOOLS_DLQ_REPLAY')
  })
})

describe('trace', () => {
  test('says so where no client has noted anything', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    expect((await run(host, 'trace', 'show', 'ID1')).stderr).toContain('traceTopicEnable')
    expect((await run(host, 'trace', 'list', '--json')).stdout).toBe('[]\n')
  })

  test('joins what was received to what became of it', async () => {
    const mq = await startCluster({ traceTopicEnable: 'true' })
    const host = hostOf(mq)
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    const records = [
      [
        'Pub',
        '1700000000000',
        'r',
        'shop',
        'orders',
        'ID1',
        'null',
        'k',
        '10.0.0.1:10911',
        '5',
        '3',
        '0',
        'OFF',
        'true',
      ],
      ['SubBefore', '1700000000050', 'r', 'mailer', 'R1', 'ID1', '0', 'k'],
      ['SubAfter', 'R1', 'ID1', '40', 'false', 'k', '4'],
    ]
    for (const fields of records) {
      await producer.send({ topic: 'RMQ_SYS_TRACE_TOPIC', body: `${fields.join('\u0001')}\u0002`, keys: ['ID1', 'k'] })
    }
    const show = async () => neutral((await run(host, 'trace', 'show', 'ID1')).stdout)
    await expect.poll(show).toMatch(/sent.*\n.*received/)
    const traces = JSON.parse((await run(host, 'trace', 'show', 'ID1', '--json')).stdout)
    expect(traces).toMatchObject([
      { event: 'handled', group: 'mailer', cost: 40, succeeded: false },
      { event: 'sent', group: 'shop', topic: 'orders' },
      { event: 'received', group: 'mailer', attempt: 1 },
    ])
    expect(JSON.parse((await run(host, 'trace', 'list', '--group', 'shop', '--json')).stdout)).toHaveLength(1)
    expect(JSON.parse((await run(host, 'trace', 'list', '--topic', 'other', '--json')).stdout)).toHaveLength(0)
  })
})
