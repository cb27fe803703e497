import fs from 'node:fs'
import { createNodePlatform, silentLog } from '@rocketmq-ts/platform'
import { temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import { commands, keyValueTableBody, parseJavaProperties, topicListBody, topicRouteBody } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { type RunningNameServer, register, startNameServer, timeoutMs } from './name-server-kit.ts'

const topics = ['t1', 't2', 't3']

async function permOf({ client, address }: RunningNameServer, topic: string): Promise<number | undefined> {
  const { body } = await client.call(address, commands.getRouteinfoByTopic, { header: { topic }, timeoutMs })
  return body === undefined ? undefined : topicRouteBody.decode(body).queueDatas[0]!.perm
}

function update({ client, address }: RunningNameServer, text: string): ReturnType<typeof client.call> {
  return client.call(address, commands.updateNamesrvConfig, { header: {}, body: Buffer.from(text), timeoutMs })
}

test('write permission is wiped and added with the number of topics as the answer', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  await register(client, address, topics)
  const header = { brokerName: 'broker-a' }
  const wiped = await client.invoke(address, commands.wipeWritePermOfBroker, { header, timeoutMs })
  expect(wiped.header).toEqual({ wipeTopicCount: 3 })
  expect(await permOf(running, 't1')).toBe(4)
  const added = await client.invoke(address, commands.addWritePermOfBroker, { header, timeoutMs })
  expect(added.header).toEqual({ addTopicCount: 3 })
  expect(await permOf(running, 't1')).toBe(6)
})

test('a topic is deleted everywhere or in one cluster, and a repeated registration brings it back', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  await register(client, address, topics)
  const remove = (header: { topic: string; clusterName?: string }): Promise<unknown> =>
    client.invoke(address, commands.deleteTopicInNamesrv, { header, timeoutMs })
  await remove({ topic: 't1', clusterName: 'elsewhere' })
  expect(await permOf(running, 't1')).toBe(6)
  await remove({ topic: 't1', clusterName: 'c' })
  await remove({ topic: 't2' })
  expect([await permOf(running, 't1'), await permOf(running, 't2')]).toEqual([undefined, undefined])
  await register(client, address, topics)
  expect([await permOf(running, 't1'), await permOf(running, 't2')]).toEqual([6, 6])
})

test('a topic is registered alone at brokers that live', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  await register(client, address, topics)
  const queues = { readQueueNums: 2, writeQueueNums: 2, perm: 4, topicSysFlag: 0 }
  const queueDatas = [
    { brokerName: 'broker-a', ...queues },
    { brokerName: 'nobody', ...queues },
  ]
  const body = topicRouteBody.encode({ queueDatas, brokerDatas: [], filterServerTable: new Map() })
  await client.invoke(address, commands.registerTopicInNamesrv, { header: { topic: 'alone' }, body, timeoutMs })
  expect(await permOf(running, 'alone')).toBe(4)
})

test('topics are listed by cluster and by their unit flags', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  await register(client, address, topics)
  const flagged = [1, 2, 3]
  for (const topicSysFlag of flagged) {
    const broker = { brokerName: `b${topicSysFlag}`, brokerAddr: `127.0.0.1:${topicSysFlag}0`, clusterName: 'd' }
    await register(client, address, [`u${topicSysFlag}`, `v${topicSysFlag}`], { ...broker, topic: { topicSysFlag } })
  }
  const listed = async (answer: Promise<{ body: Buffer }>): Promise<string[]> =>
    topicListBody.decode((await answer).body).topicList.sort()
  const header = {}
  const inCluster = { header: { cluster: 'c' }, timeoutMs }
  expect(await listed(client.invoke(address, commands.getTopicsByCluster, inCluster))).toEqual(topics)
  const unit = client.invoke(address, commands.getUnitTopicList, { header, timeoutMs })
  expect(await listed(unit)).toEqual(['u1', 'u3', 'v1', 'v3'])
  const subscribed = client.invoke(address, commands.getHasUnitSubTopicList, { header, timeoutMs })
  expect(await listed(subscribed)).toEqual(['u2', 'u3', 'v2', 'v3'])
  const both = client.invoke(address, commands.getHasUnitSubUnunitTopicList, { header, timeoutMs })
  expect(await listed(both)).toEqual(['u2', 'v2'])
  const system = client.invoke(address, commands.getSystemTopicListFromNs, { header, timeoutMs })
  expect(await listed(system)).toEqual(['b1', 'b2', 'b3', 'broker-a', 'c', 'd'])
})

test('lists that are switched off say so', async () => {
  await using running = await startNameServer({ enableAllTopicList: 'false', enableTopicList: 'false' })
  const { client, address } = running
  const all = await client.call(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })
  const cluster = await client.call(address, commands.getTopicsByCluster, { header: { cluster: 'c' }, timeoutMs })
  expect([all.code, cluster.code]).toEqual([1, 1])
  expect(all.remark).toMatch(/^disable.*enableAllTopicList/)
  expect(cluster.remark).toMatch(/^disable.*enableTopicList/)
})

test('key-value configuration is on disk when it is answered, with what it replaced beside it', async () => {
  await using running = await startNameServer()
  const { client, address, folder } = running
  const missing = await client.call(address, commands.getKvConfig, { header: { namespace: 'n', key: 'k' }, timeoutMs })
  expect([missing.code, missing.remark, missing.extFields]).toEqual([22, 'No config item, Namespace: n Key: k', {}])
  for (const value of ['1', '2']) {
    await client.invoke(address, commands.putKvConfig, { header: { namespace: 'n', key: 'k', value }, timeoutMs })
  }
  const stored = (name: string): unknown => JSON.parse(fs.readFileSync(`${folder}/${name}`, 'utf8'))
  expect(stored('kvConfig.json')).toEqual({ configTable: { n: { k: '2' } } })
  expect(stored('kvConfig.json.bak')).toEqual({ configTable: { n: { k: '1' } } })

  await using next = await startNameServer({ kvConfigPath: `${folder}/kvConfig.json` })
  const found = await next.client.invoke(next.address, commands.getKvConfig, {
    header: { namespace: 'n', key: 'k' },
    timeoutMs,
  })
  expect(found.header).toEqual({ value: '2' })
  const list = await next.client.invoke(next.address, commands.getKvlistByNamespace, {
    header: { namespace: 'n' },
    timeoutMs,
  })
  expect(keyValueTableBody.decode(list.body).table).toEqual(new Map([['k', '2']]))
  await next.client.invoke(next.address, commands.deleteKvConfig, { header: { namespace: 'n', key: 'k' }, timeoutMs })
  expect(stored('kvConfig.json')).toEqual({ configTable: { n: {} } })
  const unknown = await next.client.call(next.address, commands.getKvlistByNamespace, {
    header: { namespace: 'x' },
    timeoutMs,
  })
  expect([unknown.code, unknown.remark]).toEqual([22, 'No config item, Namespace: x'])
})

test('settings are changed while running, and what was changed is kept', async () => {
  await using running = await startNameServer()
  const { client, address, folder } = running
  expect((await update(running, 'enableAllTopicList=false\n')).code).toBe(0)
  expect((await client.call(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })).code).toBe(1)
  const { body } = await client.invoke(address, commands.getNamesrvConfig, { header: {}, timeoutMs })
  const settings = parseJavaProperties(body.toString())
  expect(settings.get('enableAllTopicList')).toBe('false')
  expect(settings.get('kvConfigPath')).toBe(`${folder}/kvConfig.json`)
  expect(fs.readFileSync(`${folder}/namesrv.properties`, 'utf8')).toBe('enableAllTopicList=false\n')
})

test('settings on the black list and bad values are refused and change nothing', async () => {
  await using running = await startNameServer()
  const { folder } = running
  const blackListed = await update(running, 'orderMessageEnable=true\nkvConfigPath=/elsewhere\n')
  expect(blackListed.code).toBe(16)
  expect(blackListed.remark).toMatch(/^Can not update config in black list\./)
  const bad = await update(running, 'orderMessageEnable=perhaps\n')
  expect(bad.code).toBe(29)
  expect(bad.remark).toContain('orderMessageEnable=perhaps')
  expect((await update(running, 'a=\\u00')).code).toBe(29)
  expect(fs.existsSync(`${folder}/namesrv.properties`)).toBe(false)
})

test('only what takes effect or is kept is answered with success', async () => {
  const platform = createNodePlatform()
  using folder = temporaryFolder()
  const configStorePath = `${folder.path}/namesrv.conf`
  fs.writeFileSync(configStorePath, '# ours\nenableTopicList=true\n')
  const decidedKeys = new Map([['listenPort', '-p']])
  await using running = await startNameServer({ configStorePath }, platform, silentLog, decidedKeys)
  const answer = async (text: string) => {
    const { code, remark } = await update(running, text)
    return [code, remark]
  }
  expect(await answer('listenPort=1')).toEqual([29, expect.stringContaining('-p decides about it at each start')])
  expect(await answer('enableTopicLst=false')).toEqual([29, expect.stringContaining('did you mean enableTopicList?')])
  expect(await answer('serverSelectorThreads=9')).toEqual([29, expect.stringContaining('has no effect here')])
  expect(await answer('defaultThreadPoolNums=9')).toEqual([29, expect.stringContaining('it would have no effect')])
  expect(await answer('enableTopicList=false\nnonsense=1')).toEqual([29, expect.stringContaining('nonsense')])
  expect(fs.readFileSync(configStorePath, 'utf8')).toBe('# ours\nenableTopicList=true\n')
  expect(await answer('enableTopicList=false')).toEqual([0, undefined])
  expect(await answer('waitSecondsForService=9')).toEqual([
    0,
    expect.stringContaining('takes effect at the next start'),
  ])
  expect(fs.readFileSync(configStorePath, 'utf8')).toBe('# ours\nenableTopicList=false\nwaitSecondsForService=9\n')
})
