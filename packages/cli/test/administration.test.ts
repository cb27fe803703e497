import { Consumer, Producer } from '@rocketmq-ts/client'
import { describe, expect, test } from 'vitest'
import { expectGolden, hostOf, open, run, startCluster, TestHost } from './cli-kit.ts'

describe('commands of administration', () => {
  test('show, make, change and delete topics', async () => {
    const mq = await startCluster()
    await expectGolden('topic', hostOf(mq), [
      'topic list',
      'topic create orders --queues 2 --attribute message.type=FIFO',
      'topic create orders',
      'topic create orders --if-missing',
      'topic create payments --queues 1 --json',
      'topic list',
      'topic list --filter pay --json',
      'topic show orders',
      'topic show payments --json',
      'topic show nothing',
      'topic change orders --queues 3 --access read',
      'topic change orders --remove-attribute message.type',
      'topic change orders --json --access readWrite',
      'topic change orders',
      'topic change nothing --queues 1',
      'topic delete orders',
      'topic delete orders nothing --yes',
      'topic delete orders nothing --yes --if-exists',
      'topic delete orders --yes --if-exists --json',
      'topic create a/b',
      'topic create "with blank"',
      'topic create "%DLQ%odd_name-|x" --queues 1',
      'topic delete "%DLQ%odd_name-|x" --yes',
      'topic create T --queues 0',
      'topic create T --access all',
      'topic create T --attribute nonsense',
      'topic create T --broker nobody',
    ])
  })

  test('show, make, change and delete groups', async () => {
    const mq = await startCluster()
    await expectGolden('group', hostOf(mq), [
      'group list',
      'group create mailer --retries 3',
      'group create mailer',
      'group create mailer --if-missing --json',
      'group list',
      'group list --json',
      'group show mailer',
      'group show mailer --json',
      'group show nobody',
      'group change mailer --consume false --order true',
      'group change mailer --json --retries 4',
      'group change mailer',
      'group change nobody --retries 1',
      'group delete mailer --yes',
      'group delete mailer --yes',
      'group delete mailer --yes --if-exists',
      'group delete mailer --yes --if-exists --json',
      'group create x --retries -1',
      'group create "a b"',
    ])
  })

  test('show and set whether groups pull or pop their topics', async () => {
    const mq = await startCluster({ autoCreateSubscriptionGroup: 'false' })
    await mq.topic('orders', { queues: 2 })
    await expectGolden('group-mode', hostOf(mq), [
      'group create mailer',
      'group mode',
      'group mode mailer orders --set POP --shared-queues 2',
      'group mode mailer',
      'group mode mailer orders --set PULL --json',
      'group mode other --json',
      'group mode mailer --set POP',
      'group mode mailer orders --shared-queues 2',
      'group mode mailer orders --set PUSH',
      'group mode mailer nothing --set POP',
      'group mode nobody orders --set POP',
    ])
  })

  test('show how far groups are, and let them go on elsewhere', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 2 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    for (const queueId of [0, 1]) {
      const queue = { topic: 'orders', broker: 'broker', queueId }
      await producer.send(['a', 'b', 'c'].map((body) => ({ topic: 'orders', body, queue })))
    }
    await expectGolden('offset', hostOf(mq), [
      'lag',
      'group create mailer',
      'offset show mailer',
      'offset show nobody',
      'offset change mailer orders --to latest --dry-run',
      'offset show mailer',
      'offset change mailer orders --to latest',
      'offset change mailer orders --to latest --yes',
      'offset show mailer',
      'offset change mailer orders --to shift:-2 --dry-run --json',
      'offset change mailer orders --to offset:1 --yes',
      'offset show mailer --json',
      'offset change mailer orders --to 2020-01-01 --yes',
      'offset change mailer orders --to yesterday --yes',
      'offset change mailer orders --yes',
      'offset change nobody orders --to earliest --yes',
      'offset change mailer nothing --to earliest --yes',
      'group create other',
      'offset copy other mailer orders --dry-run',
      'offset copy mailer other orders --dry-run',
      'offset copy mailer other orders --yes --json',
      'lag',
      'lag mailer',
      'lag --json --topic orders',
      'lag nobody',
    ])
  })

  test('show clusters, brokers, name servers and their settings', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    await expectGolden('servers', host, [
      'namesrv list --json',
      'namesrv show nowhere:1',
      'cluster show nothing',
      'broker writable broker off',
      'broker writable broker on --json',
      'broker writable broker perhaps',
      'config show broker fileReservedTime',
      'config change broker fileReservedTime=48',
      'config show broker fileReservedTime --json',
      'config show broker nonsense',
      'config change broker nonsense=1',
      'config change broker fileReservedTime=soon',
      'config change broker fileReservedTime',
      'config list broker --filter nothingatall',
      'config show nobody fileReservedTime',
    ])
    expect((await run(host, 'cluster', 'list')).stdout).toMatch(/^CLUSTER +BROKERS +ANSWERING.*\nDefaultCluster +1 +1/)
    const [broker] = JSON.parse((await run(host, 'broker', 'list', '--json')).stdout)
    expect(broker).toMatchObject({ broker: 'broker', address: mq.brokerAddress, isAnswering: true, version: '5.5.0' })
    expect((await run(host, 'cluster', 'show', 'DefaultCluster', '--json')).exitCode).toBe(0)
    expect((await run(host, 'broker', 'show', 'broker')).stdout).toMatch(/brokerVersionDesc +V5_5_0/)
    expect((await run(host, 'broker', 'show', mq.brokerAddress, '--json')).exitCode).toBe(0)
    expect((await run(host, 'namesrv', 'show', mq.nameServers, '--json')).stdout).toContain(mq.brokerAddress)
    expect((await run(host, 'config', 'list', 'namesrv')).stdout).toContain('listenPort')
  })

  test('show who is connected, and what a member tells of itself', async () => {
    const mq = await startCluster()
    const host = hostOf(mq)
    expect((await run(host, 'client', 'list')).stderr).toBe('Nobody is connected.\n')
    await mq.topic('orders', { queues: 1 })
    const producer = open(new Producer({ nameServers: mq.nameServers, group: 'shop' }))
    await producer.send({ topic: 'orders', body: 'a' })
    const consumer = open(
      new Consumer({ nameServers: mq.nameServers, group: 'mailer', topics: 'orders', handler: () => {} }),
    )
    await consumer.start()
    const clients = JSON.parse((await run(host, 'client', 'list', '--json')).stdout)
    expect(clients).toMatchObject([
      { clientId: producer.clientId, role: 'producer', group: 'shop' },
      { clientId: consumer.clientId, role: 'consumer', group: 'mailer' },
    ])
    expect(JSON.parse((await run(host, 'client', 'list', '-g', 'mailer', '--json')).stdout)).toHaveLength(1)
    const shown = await run(host, 'client', 'show', 'mailer', consumer.clientId, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ clientId: consumer.clientId, group: 'mailer' })
    expect((await run(host, 'group', 'show', 'mailer')).stdout).toMatch(/Members\n +CLIENT.*\n.*mailer|orders/)
    expect((await run(host, 'client', 'show', 'mailer', 'nobody')).exitCode).toBe(1)
  })

  test('look at the lag again and again until they are interrupted', async () => {
    const mq = await startCluster()
    await mq.topic('orders', { queues: 1 })
    const host = hostOf(mq)
    await run(host, 'group', 'create', 'mailer')
    await run(host, 'offset', 'change', 'mailer', 'orders', '--to', 'earliest', '--yes')
    const watching = run(host, 'lag', '--watch', '--json', '--interval', '1s')
    await host.written(/"mailer"(.|\n)*"mailer"/)
    host.interrupting.abort()
    expect((await watching).exitCode).toBe(0)
  })
})

describe('commands that lose something', () => {
  test('ask at a terminal, and do nothing unless the answer is yes', async () => {
    const mq = await startCluster()
    await mq.topic('orders')
    const asked = hostOf(mq, { isTerminal: true, answer: 'n' })
    const refused = await run(asked, 'topic', 'delete', 'orders')
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(asked.asked).toEqual(['Delete orders with all messages? [y/N] '])
    expect((await run(hostOf(mq), 'topic', 'show', 'orders')).exitCode).toBe(0)
    expect((await run(hostOf(mq, { isTerminal: true, answer: 'yes' }), 'topic', 'delete', 'orders')).exitCode).toBe(0)
    expect((await run(hostOf(mq), 'topic', 'show', 'orders')).exitCode).toBe(1)
  })
})

describe('a cluster that cannot be reached', () => {
  test('is told by where its address came from, and what to do', async () => {
    const host = new TestHost({ environment: { NAMESRV_ADDR: '127.0.0.1:1' } })
    const outcome = await run(host, 'topic', 'list', '--timeout', '300ms')
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '' })
    expect(outcome.stderr).toMatch(
      /^rocketmq: no name server answers at 127.0.0.1:1 \(from the environment variable NAMESRV_ADDR\)/,
    )
    expect(outcome.stderr).toContain('rocketmq start')
  })

  test('is told when its broker does not answer, and lists say who does not answer', async () => {
    const mq = await startCluster()
    await mq.topic('orders')
    const heal = mq.partition()
    open({ [Symbol.asyncDispose]: async () => heal() })
    const host = hostOf(mq)
    const shown = await run(host, 'topic', 'show', 'orders', '--timeout', '500ms')
    expect(shown.exitCode).toBe(1)
    expect(shown.stderr).toContain('rocketmq doctor')
    // Meanwhile the name server answers, also on a busy machine.
    const brokers = await run(host, 'broker', 'list', '--json', '--timeout', '3s')
    expect(JSON.parse(brokers.stdout)).toMatchObject([{ broker: 'broker', isAnswering: false, version: null }])
  })
})
