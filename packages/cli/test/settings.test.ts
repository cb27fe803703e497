import { describe, expect, test } from 'vitest'
import { expectGolden, hostOf, run, startCluster, TestHost } from './cli-kit.ts'

const path = '/home/user/.config/rocketmq/contexts.json'

describe('contexts', () => {
  test('that are added at the same time are all kept', async () => {
    const host = new TestHost()
    const names = ['a', 'b', 'c']
    await Promise.all(names.map((name) => run(host, 'context', 'add', name, '-n', 'mq:9876')))
    expect(Object.keys(JSON.parse(host.files.get(path)!).contexts).sort()).toEqual(names)
    await Promise.all([run(host, 'context', 'delete', 'a'), run(host, 'context', 'use', 'b')])
    expect(JSON.parse(host.files.get(path)!)).toMatchObject({ current: 'b', contexts: { b: {}, c: {} } })
  })

  test('are kept, listed, used, shown and forgotten', async () => {
    const host = new TestHost()
    await expectGolden('context', host, [
      'context list',
      'context add prod',
      'context add prod -n "mq1:9876;mq2:9876" --access-key k --secret-key s',
      'context add test -n localhost --namespace t',
      'context list',
      'context list --json',
      'context show',
      'context use test',
      'context use test --json',
      'context add again -n localhost --json',
      'context show --json',
      'context show prod',
      'context use nothing',
      'context add "a b" -n x',
      'context add bad -n a:b:c',
      'context add bad --timeout soon -n x',
      'context delete again --json',
      'context delete test',
      'context delete test',
      'context show',
    ])
    expect(JSON.parse(host.files.get(path)!)).toEqual({
      contexts: { prod: { nameServers: 'mq1:9876;mq2:9876', accessKey: 'k', secretKey: 's' } },
    })
  })

  test('stand in the file that ROCKETMQ_CONFIG names, else below XDG_CONFIG_HOME', async () => {
    for (const [environment, expected] of [
      [{ XDG_CONFIG_HOME: '/xdg' }, '/xdg/rocketmq/contexts.json'],
      [{ XDG_CONFIG_HOME: '/xdg', ROCKETMQ_CONFIG: '/own.json' }, '/own.json'],
    ] as const) {
      const host = new TestHost({ environment })
      await run(host, 'context', 'add', 'prod', '-n', 'x')
      expect([...host.files.keys()]).toEqual([expected])
    }
  })

  test.each([
    ['{', /is no file of contexts: .*; mend it/],
    ['[]', /it holds no object/],
    ['{"current":1,"contexts":{}}', /"current" is no text/],
    ['{"contexts":{"a":{"nameserver":"x"}}}', /the context a has "nameserver", and there are only nameServers/],
    ['{"contexts":{"a":{"tls":true}}}', /"tls" of the context a is no text/],
    ['{"contexts":{},"current":"gone"}', /"current" of .*: no context "gone"/],
  ])('a file with %s is refused with what is wrong', async (text, message) => {
    const outcome = await run(new TestHost({ files: new Map([[path, text]]) }), 'topic', 'list')
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' })
    expect(outcome.stderr).toMatch(message)
  })
})

describe('a setting of the connection', () => {
  const contexts = { contexts: { prod: { nameServers: 'prod:1' }, test: { nameServers: 'test:1' } }, current: 'test' }
  const source = async (environment: Record<string, string>, ...args: string[]) => {
    const host = new TestHost({ environment, files: new Map([[path, JSON.stringify(contexts)]]) })
    const { settings } = JSON.parse((await run(host, 'context', 'show', '--json', ...args)).stdout)
    return settings.find(({ setting }: { setting: string }) => setting === 'nameServers')
  }

  test('comes from its option, the named context, the environment, the context in use, in this order', async () => {
    const variable = { NAMESRV_ADDR: 'variable:1' }
    expect(await source(variable, '-n', 'option:1', '--context', 'prod')).toMatchObject({
      value: 'option:1',
      source: '--namesrv',
    })
    expect(await source(variable, '--context', 'prod')).toMatchObject({ value: 'prod:1' })
    expect(await source(variable)).toMatchObject({
      value: 'variable:1',
      source: 'the environment variable NAMESRV_ADDR',
    })
    expect(await source({ ROCKETMQ_CONTEXT: 'prod' })).toMatchObject({ value: 'prod:1' })
    expect(await source({})).toMatchObject({ value: 'test:1', source: `the context test (${path})` })
    expect(await source({ NAMESRV_ADDR: '' })).toMatchObject({ value: 'test:1' })
  })

  test.each([
    [['topic', 'list', '-n', ''], {}, /--namesrv: it is empty/],
    [['topic', 'list', '-n', 'host:70000'], {}, /--namesrv: "host:70000" is no address/],
    [
      ['topic', 'list'],
      { NAMESRV_ADDR: 'two words' },
      /the environment variable NAMESRV_ADDR: "two words" is no address/,
    ],
    [['topic', 'list'], { ROCKETMQ_TIMEOUT: '5' }, /the environment variable ROCKETMQ_TIMEOUT: "5" is no duration/],
    [['topic', 'list'], { ROCKETMQ_TLS: 'yes' }, /ROCKETMQ_TLS: "yes" is not possible: use true or false/],
    [['topic', 'list', '--timeout', '0s'], {}, /--timeout: it must be more than 0/],
    [['topic', 'list', '--access-key', 'k'], {}, /--access-key gives one key alone: the secret key is missing/],
    [['topic', 'list', '--tls-ca', '/none.pem'], {}, /--tls-ca: there is no file \/none.pem/],
    [['topic', 'list', '--context', 'none'], {}, /--context: no context "none"/],
    [['topic', 'list'], { ROCKETMQ_CONTEXT: 'none' }, /the environment variable ROCKETMQ_CONTEXT: no context "none"/],
  ])('%j with %j that cannot be used is told with where it came from', async (args, environment, message) => {
    const outcome = await run(new TestHost({ environment: environment as Record<string, string> }), ...args)
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' })
    expect(outcome.stderr).toMatch(message)
  })

  test.each(['host', 'host:1', '10.0.0.1:9876;10.0.0.2:9876', ' a:1 , b:2 ;', '[::1]:9876', '[::1]', '::1'])(
    'name servers may be written as %s',
    async (text) => {
      expect(await source({}, '-n', text)).toMatchObject({ value: text })
    },
  )
})

test('encryption that is switched off stays off, whatever authorities are known', async () => {
  const mq = await startCluster()
  const environment = { ROCKETMQ_TLS: 'false', ROCKETMQ_TLS_CA: '/none.pem' }
  expect((await run(hostOf(mq, { environment }), 'topic', 'list')).exitCode).toBe(0)
})

describe('output', () => {
  test('says nothing but errors with --quiet', async () => {
    const mq = await startCluster()
    expect(await run(hostOf(mq), 'topic', 'list', '--quiet')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect((await run(hostOf(mq), 'topic', 'show', 'nothing', '-q')).stderr).toContain('there is no topic nothing')
  })

  test('is an empty list in JSON where there is nothing', async () => {
    const mq = await startCluster()
    expect(await run(hostOf(mq), 'topic', 'list', '--json')).toEqual({ exitCode: 0, stdout: '[]\n', stderr: '' })
  })

  test.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['topic', 'nonsense'], /unknown command 'nonsense'/],
    [['topic', 'list', '--nonsense'], /unknown option '--nonsense'/],
    [['topic', 'show'], /missing required argument 'topic'/],
    [['topic', 'show', 'a', 'b'], /too many arguments/],
  ])('%j that cannot be understood is answered with exit code 2 on standard error', async (args, message) => {
    const outcome = await run(new TestHost(), ...args)
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' })
    expect(outcome.stderr).toMatch(message)
  })
})
