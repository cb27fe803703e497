import { Admin, Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { nagiosText, prometheusText } from '../src/doctor/check-result.ts'
import { hostOf, open, run, startCluster, TestHost } from './cli-kit.ts'

describe('check', () => {
  test('lag has the exit codes of Nagios, and values for graphs', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send(['a', 'b', 'c', 'd', 'e'].map((body) => ({ topic: 'orders', body })))
    const admin = open(new Admin({ nameServers: mq.nameServers }))
    for (const group of ['mailer', 'done']) await admin.createGroup(group)
    await admin.resetOffsets('mailer', 'orders', 'earliest')
    await admin.resetOffsets('done', 'orders', 'latest')
    const host = hostOf(mq)
    expect(await run(host, 'check', 'lag')).toEqual({
      exitCode: 0,
      stdout: "LAG OK - mailer lags 5 messages behind | 'done'=0;1000;10000 'mailer'=5;1000;10000\n",
      stderr: '',
    })
    const lag = async (...args: string[]) => (await run(host, 'check', 'lag', ...args)).exitCode
    expect(await lag('--warning', '5')).toBe(1)
    expect(await lag('--warning', '5', '--critical', '5')).toBe(2)
    expect(await lag('done', '--warning', '5', '--critical', '5')).toBe(0)
    expect(await lag('nobody')).toBe(3)
    expect(await lag('--warning', '6', '--critical', '5')).toBe(3)
    expect(await lag('--nonsense')).toBe(3)
    const json = await run(host, 'check', 'lag', 'mailer', '--critical', '5', '--warning', '5', '--json')
    expect(json.exitCode).toBe(2)
    expect(JSON.parse(json.stdout)).toMatchObject({
      check: 'lag',
      state: 'CRITICAL',
      exitCode: 2,
      metrics: [{ value: 5 }],
    })
    const prometheus = await run(host, 'check', 'lag', '--critical', '5', '--warning', '5', '--prometheus')
    expect(prometheus).toEqual({
      exitCode: 0,
      stdout: [
        '# HELP rocketmq_check_lag Messages that a group has not done.',
        '# TYPE rocketmq_check_lag gauge',
        'rocketmq_check_lag{group="done"} 0',
        'rocketmq_check_lag{group="mailer"} 5',
        '# HELP rocketmq_check_lag_state 0 is OK, 1 a warning, 2 critical.',
        '# TYPE rocketmq_check_lag_state gauge',
        'rocketmq_check_lag_state 2',
        '',
      ].join('\n'),
      stderr: '',
    })
  })

  test('broker counts those that answer', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    expect(await run(host, 'check', 'broker')).toMatchObject({
      exitCode: 0,
      stdout: "BROKER OK - 1 of 1 brokers answer | 'broker'=1;;\n",
    })
    expect((await run(host, 'check', 'broker', '--expect', '2')).exitCode).toBe(2)
    expect((await run(host, 'check', 'broker', 'nobody')).exitCode).toBe(2)
    const heal = mq.partition()
    const silent = await run(host, 'check', 'broker')
    heal()
    expect(silent).toMatchObject({
      exitCode: 2,
      stdout: "BROKER CRITICAL - 0 of 1 brokers answer; silent: broker | 'broker'=0;;\n",
    })
  })

  test('disk tells how full each is', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    expect((await run(host, 'check', 'disk', '--warning', '100', '--critical', '100')).stdout).toMatch(
      /^DISK OK - the disk of broker is [\d.]+ % full \| 'broker'=[\d.]+%;100;100\n$/,
    )
    expect((await run(host, 'check', 'disk', '--warning', '0', '--critical', '100')).exitCode).toBe(1)
  })

  test('topic has to be there, take messages, and get some', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    expect((await run(host, 'check', 'topic', 'orders')).stdout).toBe('TOPIC CRITICAL - there is no topic orders\n')
    await mq.topic('orders', { queues: 1 })
    expect((await run(host, 'check', 'topic', 'orders')).exitCode).toBe(0)
    expect((await run(host, 'check', 'topic', 'orders', '--warning', '1h')).exitCode).toBe(1)
    await run(host, 'produce', 'orders', 'x')
    const checked = await run(host, 'check', 'topic', 'orders', '--warning', '10m', '--critical', '1h')
    expect(checked.stdout).toMatch(
      /^TOPIC OK - the last message of orders was stored \d+m?s ago \| 'orders'=\ds;600;3600\n$/,
    )
    const later = hostOf(mq, { now: Date.now() + 7_200_000 })
    expect((await run(later, 'check', 'topic', 'orders', '--warning', '10m', '--critical', '1h')).exitCode).toBe(2)
    expect((await run(later, 'check', 'topic', 'orders', '--warning', '10m')).exitCode).toBe(1)
    await run(host, 'topic', 'change', 'orders', '--access', 'read')
    expect((await run(host, 'check', 'topic', 'orders')).stdout).toContain('takes no messages')
  })

  test('that cannot be made is unknown', async () => {
    const host = new TestHost({ environment: { NAMESRV_ADDR: '127.0.0.1:1', ROCKETMQ_TIMEOUT: '300ms' } })
    for (const args of [['lag'], ['disk'], ['broker'], ['topic', 'orders']]) {
      expect((await run(host, 'check', ...args)).exitCode).toBe(3)
    }
  })

  test('names cannot break the formats', () => {
    const result = {
      check: 'lag',
      state: 'OK',
      summary: 'a|b',
      label: 'group',
      unit: '',
      help: 'Help.',
      metrics: [{ name: 'a\'=b"\\', value: 1, warning: undefined, critical: undefined }],
    } as const
    expect(nagiosText(result)).toBe("LAG OK - a/b | 'a__b\"\\'=1;;\n")
    expect(prometheusText(result)).toContain('{group="a\'=b\\"\\\\"} 1')
  })
})
