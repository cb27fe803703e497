import { silentLog } from '@rocketmq-ts/platform'
import {
  CrashableFileSystem,
  exportedDecoders,
  type FuzzRow,
  fuzzOptions,
  fuzzRow,
  fuzzTimeoutMs,
  looseText,
  runFuzzRow,
  SteppedClock,
  sameValue,
} from '@rocketmq-ts/platform/test-kit'
import {
  BodyError,
  commands,
  encodeCompressedRegisterBroker,
  JavaPropertiesError,
  ProtocolError,
  parseJavaProperties,
  type RegisterBroker,
  registerBrokerBody,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import type { Call } from '@rocketmq-ts/remoting'
import { checkChange, type SettingsEnvironment, SettingsError, toPropertiesText } from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'
import { registerBroker } from '../../src/handlers/brokers/register-broker.ts'
import { KeyValueConfiguration } from '../../src/key-values/key-value-configuration.ts'
import { DamagedFileError, readKeyValueFile, writeKeyValueFile } from '../../src/key-values/key-value-file.ts'
import { RouteTable } from '../../src/routes/index.ts'
import { topicRoute } from '../../src/routes/topic-route.ts'
import { nameServerChangeRules, nameServerSettings, readNameServerSettings } from '../../src/settings/index.ts'
import { registerBody } from '../name-server-kit.ts'

const path = '/namesrv/kvConfig.json'
const environment: SettingsEnvironment = {
  hostName: 'h',
  localAddress: '127.0.0.1',
  homeFolder: '/home',
  variables: {},
  processors: 1,
}

function diskWith(content: Buffer, atPath = path): CrashableFileSystem {
  const disk = new CrashableFileSystem()
  disk.makeFolder('/namesrv')
  const file = disk.open(atPath, 'create')
  file.write(content, 0)
  file.close()
  return disk
}

const keyValueTexts = [
  '{"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4;broker-b:4"},"ns":{}}}',
  '{\n\t"configTable":{\n\t\t"__proto__":{\n\t\t\t"constructor":"v"\n\t\t}\n\t}\n}',
  '{}',
]

function registrations(): RegisterBroker[] {
  const mapping = { scope: '__global__', totalQueues: 2, dirty: false, epoch: 1, bname: 'broker-b', topic: 'T' }
  const body = registerBody(['T', '%RETRY%g'])
  body.topicConfigSerializeWrapper.topicQueueMappingInfoMap.set('T', { ...mapping, currIdMap: new Map([[0, 1]]) })
  return [registerBody([]), registerBody(['T', 'U'], { topic: { perm: 4, readQueueNums: 2147483647 } }), body]
}

/** Registers with a body as a broker sends it, and gives what the name server knows then. */
function registered(body: Buffer): RouteTable {
  const routes = new RouteTable()
  const keyValues = new KeyValueConfiguration(diskWith(Buffer.from(keyValueTexts[0]!)), path)
  const settings = { current: { deleteTopicWithBrokerRegistration: true, returnOrderTopicConfigToBroker: true } }
  const handle = registerBroker({ routes, keyValues, settings, clock: new SteppedClock(), log: silentLog })
  const header = {
    ...{ brokerName: 'broker-a', brokerAddr: '127.0.0.1:1', clusterName: 'c', haServerAddr: '', brokerId: 0 },
    ...{ compressed: false, bodyCrc32: 0 },
  }
  const call = { body, connection: { id: 1 }, request: { extFields: {} } } as unknown as Call<
    typeof commands.registerBroker
  >
  handle(commands.registerBroker.requestCodec.decode(commands.registerBroker.requestCodec.encode(header)), call)
  return routes
}

function checkRoutes(routes: RouteTable): void {
  const topics = [...routes.groups.values()].flatMap((group) => [...group.topics.keys()])
  for (const topic of topics) {
    const route = topicRoute(routes, topic, { supportActingMaster: true })
    if (route === undefined) throw new Error(`${topic} is registered and has no route`)
    for (const form of ['java', 'standard'] as const) {
      if (!sameValue(topicRouteBody.decode(topicRouteBody.encode(route, form)), route))
        throw new Error('a client reads another route')
    }
  }
}

const settingsWords = [
  ...Object.keys(nameServerSettings),
  '=',
  '\n',
  'true',
  'constructor',
  '__proto__',
  '-1',
  '2147483648',
  '\\u0041',
  ';',
]
const settingsText = 'listenPort=9876\nconfigBlackList=a;b\norderMessageEnable=true\nkvConfigPath=/a b\n'

const rows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'kvConfig.json',
    covers: ['readKeyValueFile'],
    grammar: 'json',
    refusals: [DamagedFileError],
    seeds: () => keyValueTexts.map((text) => Buffer.from(text)),
    decode: (input) => readKeyValueFile(diskWith(input), path),
    check(tables) {
      const disk = new CrashableFileSystem()
      writeKeyValueFile(disk, path, tables)
      if (!sameValue(readKeyValueFile(disk, path), tables)) throw new Error('the tables do not come back')
    },
  }),
  fuzzRow({
    name: 'kvConfig.json.bak without the file',
    covers: ['readKeyValueFile'],
    grammar: 'json',
    refusals: [DamagedFileError],
    seeds: () => keyValueTexts.map((text) => Buffer.from(text)),
    decode: (input) => readKeyValueFile(diskWith(input, `${path}.bak`), path),
  }),
  fuzzRow({
    name: 'registration of a broker',
    grammar: 'json',
    refusals: [BodyError, ProtocolError],
    seeds: () => [Buffer.alloc(0), ...registrations().map((body) => registerBrokerBody.encode(body))],
    decode: registered,
    check: checkRoutes,
    cost: 2,
  }),
  fuzzRow({
    name: 'registration of a broker, compressed',
    refusals: [BodyError, ProtocolError],
    seeds: () => registrations().map(encodeCompressedRegisterBroker),
    decode: registered,
    check: checkRoutes,
    cost: 4,
    // A body may inflate to 256 MiB: only what is asked for beyond it is a defect.
    allocatedBytesMax: 512 * 1024 * 1024,
  }),
  fuzzRow({
    name: 'namesrv.conf',
    covers: ['readNameServerSettings'],
    words: settingsWords,
    refusals: [SettingsError, JavaPropertiesError],
    seeds: () => [Buffer.from(''), Buffer.from(settingsText)],
    cost: 8,
    decode: (input) =>
      readNameServerSettings(parseJavaProperties(looseText(input)), { source: 'namesrv.conf', environment }).values,
    check(values) {
      const again = parseJavaProperties(toPropertiesText(nameServerSettings, values))
      if (!sameValue(readNameServerSettings(again, { source: 'again', environment }).values, values)) {
        throw new Error('the settings do not come back')
      }
    },
  }),
  fuzzRow({
    name: 'changes of settings',
    words: settingsWords,
    seeds: () => [Buffer.from(''), Buffer.from(settingsText)],
    cost: 8,
    decode(input) {
      const { values } = readNameServerSettings({}, { source: 'namesrv.conf', environment })
      return checkChange(nameServerChangeRules, { current: values, next: values }, input)
    },
    check(change) {
      if (change.outcome === 'taken') toPropertiesText(nameServerSettings, change.values.next)
    },
  }),
]
const options = fuzzOptions('packages/name-server/test/fuzz')

describe('whatever a broker, an administrator or a disk gives is read or refused', () => {
  for (const row of rows) {
    test(row.name, { timeout: fuzzTimeoutMs(row, options) }, async () => {
      const report = await runFuzzRow(row, options)
      expect(report.taken + report.refused).toBe(report.inputs)
    })
  }

  test('every function that reads something is covered by a row', () => {
    const covered = new Set(rows.flatMap(({ covers }) => covers ?? []))
    expect(exportedDecoders(`${import.meta.dirname}/../../src`).filter((name) => !covered.has(name))).toEqual([])
  })
})
