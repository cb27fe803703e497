import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Admin, Consumer, Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { commandTable } from '../src/commands/index.ts'
import { isGroup } from '../src/table/define.ts'
import { expectGolden, hostOf, open, run, startCluster } from './cli-kit.ts'

const folder = join(import.meta.dirname, 'golden')
const transcripts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
const typed = transcripts.flatMap((text) => text.match(/(?<=^\$ rocketmq ).*/gm) ?? [])

const commands = commandTable.flatMap((entry) =>
  isGroup(entry)
    ? entry.commands.map((command) => ({ path: `${entry.name} ${command.name}`, command }))
    : [{ path: entry.name, command: entry }],
)

describe('each command', () => {
  test.each(commands)('$path has an output that was looked at', ({ path, command }) => {
    const lines = typed.filter((line) => `${line} `.startsWith(`${path} `))
    expect(lines).not.toEqual([])
    if ('record' in command.output && command.output.record !== undefined) {
      expect(lines.filter((line) => line.includes(' --json'))).not.toEqual([])
    }
  })
})

describe('what is seen', () => {
  test('of single messages', async () => {
    const mq = await startCluster()
    for (const topic of ['orders', 'copy']) await mq.topic(topic, { queues: 1 })
    const host = hostOf(mq)
    const produced = await run(host, 'produce', 'orders', 'hello', '--key', 'k', '--tag', 'T', '-p', 'a=b', '--json')
    const { messageId, offsetMessageId } = JSON.parse(produced.stdout)
    const delayed = await run(host, 'produce', 'orders', 'late', '--delay', '1h', '--json')
    const { recallHandle } = JSON.parse(delayed.stdout)
    await run(host, 'group', 'create', 'mailer')
    await run(host, 'offset', 'change', 'mailer', 'orders', '--to', 'latest', '--yes')
    await expectGolden(
      'message',
      host,
      [
        `message show ${messageId} -t orders`,
        `message show ${offsetMessageId} --json`,
        `message show ${'0'.repeat(32)} -t orders`,
        'message show nonsense',
        'message find orders k',
        'message find orders k --json',
        'message find orders none',
        'message find nothing k',
        'message list orders',
        'message list orders --json --limit 1',
        'message list orders --from +1h',
        `message resend ${messageId} -t orders --to copy --dry-run`,
        `message resend ${messageId} -t orders --to copy --json`,
        `message recall orders ${recallHandle}`,
        `message recall orders ${recallHandle} --json`,
        'message recall orders nonsense',
      ],
      (text) => text.replaceAll(recallHandle, 'HANDLE'),
    )
  })

  test('of traces', async () => {
    const mq = await startCluster({ traceTopicEnable: 'true' })
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop', traceTopic: true }))
    const { messageId } = await producer.send({ topic: 'orders', body: 'a', keys: 'k' })
    await expect.poll(async () => (await run(host, 'trace', 'show', messageId)).stdout).not.toBe('')
    await expectGolden(
      'trace',
      host,
      [
        `trace show ${messageId}`,
        `trace show ${messageId} --json`,
        'trace show nothing',
        'trace list --group shop',
        'trace list --topic other --json',
      ],
      (text) => text.replaceAll(/\d+m?s(?= +-? *(?:\d|-) +orders)/g, 'TOOK').replaceAll(/("cost": )\d+/g, '$1"TOOK"'),
    )
  })

  test('of who is connected', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send({ topic: 'orders', body: 'a' })
    const group = { nameServers: mq.nameServers, group: 'mailer', topics: 'orders', handler: () => {} }
    const consumer = open(new Consumer(group))
    await consumer.start()
    await expect.poll(() => consumer.assigned.length).toBeGreaterThan(0)
    await expectGolden(
      'client',
      host,
      [
        'client list',
        'client list --group mailer --json',
        'client list --group nobody',
        `client show mailer ${consumer.clientId}`,
        `client show mailer ${consumer.clientId} --json`,
        'client show mailer nobody',
      ],
      (text) =>
        text
          .replaceAll(/\b\d+\.\d+\b/g, 'RATE')
          .replaceAll(/("(?:pull|handle|done|failed)\w+": )[\d.]+/g, '$1"RATE"')
          .replaceAll(/(PROP_CONSUMER_START_TIMESTAMP"?[=:] ?"?)\d+/g, '$1MS'),
    )
  })

  test('of clusters and brokers', async () => {
    const mq = await startCluster()
    await expectGolden(
      'cluster',
      hostOf(mq),
      [
        'cluster list',
        'cluster list --json',
        'cluster show DefaultCluster',
        'cluster show DefaultCluster --json',
        'broker list',
        'broker list --json',
        'broker show broker',
        'broker show broker --json',
        'broker show nobody',
        'namesrv list',
        `namesrv show ${mq.nameServers}`,
        `namesrv show ${mq.nameServers} --json`,
        'config list broker --filter fileReserved',
        'config list broker --filter fileReserved --json',
        'config change broker fileReservedTime=24 --json',
        'config show broker fileReservedTime',
      ],
      (text) =>
        text
          .replaceAll(/\b\d+\.\d%/g, 'SHARE')
          .replaceAll(/("diskUsed": )[\d.]+/g, '$1"SHARE"')
          // Of all that a broker tells of itself, the names are always the same.
          .replaceAll(/^( {2}[a-z]\S+)(?: {2}.*)?$/gim, (line, name) => (/ADDRESS|NAME/.test(line) ? line : name))
          .replaceAll(/("name": "\S+",\n +"value": )".*"/g, '$1"VALUE"'),
    )
  })

  test('of what is wrong, and of checks', async () => {
    const mq = await startCluster()
    for (const topic of ['lonely', 'orders']) await mq.topic(topic, { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    for (const topic of ['lonely', 'orders', '%DLQ%mailer']) await producer.send({ topic, body: 'x' })
    const admin = open(new Admin({ nameServers: mq.nameServers }))
    await admin.createGroup('mailer')
    await admin.resetOffsets('mailer', 'orders', 'earliest')
    await expectGolden(
      'doctor',
      hostOf(mq),
      [
        'doctor --wait 10ms',
        'doctor --wait 10ms --json',
        'doctor --wait soon',
        'check lag --warning 1 --critical 2',
        'check lag mailer --json',
        'check lag nobody',
        'check disk --warning 100 --critical 100',
        'check disk --warning 100 --critical 100 --json',
        'check broker',
        'check broker --expect 2 --json',
        'check broker --prometheus',
        'check topic orders',
        'check topic orders --json',
        'check topic nothing',
      ],
      (text) =>
        text
          .replaceAll(/\b\d+m?s(?= ago)/g, 'AGE')
          .replaceAll(/[\d.]+(?= % full)/g, 'PERCENT')
          .replaceAll(/=[\d.]+%;/g, '=PERCENT%;')
          .replaceAll(/'orders'=\ds/g, "'orders'=SECONDS")
          .replaceAll(/("value": )[\d.]+(?=,\n +"warning": 100,)/g, '$1"PERCENT"')
          .replaceAll(/("name": "orders",\n +"value": )\d+/g, '$1"SECONDS"'),
    )
  })

  test('of measurements, backups and completion', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    await run(host, 'produce', 'orders', 'a', 'b', 'c')
    await expectGolden(
      'tools',
      host,
      [
        'backup orders /b.jsonl',
        'backup orders /b.jsonl',
        'backup orders /c.jsonl --from -1 --json',
        'backup nothing /d.jsonl',
        'restore /b.jsonl copy',
        'restore /b.jsonl copy --create',
        'restore /b.jsonl copy --skip 2 --json',
        'bench orders --duration 50ms --in-flight 1',
        'bench orders --duration 50ms --rate 100 --json',
        'completion bash',
        'completion zsh',
        'completion fish',
        'completion powershell',
        'completion tcsh',
        '__complete -- topic show ord',
        '__complete -- check ""',
      ],
      (text) =>
        text
          .replaceAll(/^(Seconds|Sent|Messages a second) .*/gm, '$1 NUMBER')
          .replaceAll(/^( {2}stored).*/gm, '$1 NUMBERS')
          .replaceAll(/("(?:seconds|sent|ratePerSecond|count|\w+Ms)": )[\d.]+/g, '$1"NUMBER"'),
    )
  })

  test('of a topic that is misspelled, at once, however long calls may take', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq, { environment: { ROCKETMQ_TIMEOUT: '1h' } })
    await run(host, 'group', 'create', 'mailer')
    await expectGolden('misspelled', host, [
      'consume nothing -e',
      'consume nothing --from -5',
      'consume nothing --group mailer',
      'consume nothing --group mailer --pop',
      'lag --topic nothing',
      'lag mailer --topic nothing',
      'offset show mailer --topic nothing',
      'offset change mailer nothing --to latest --yes',
      'message list nothing',
      'backup nothing /file',
      'group show nobody',
      'lag nobody',
    ])
  })
})
