import { crc32 } from 'node:zlib'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  commandOfCode,
  decodeCompressedRegisterBroker,
  keyValueTableBody,
  newTopicConfig,
  nextDataVersion,
  type RegisterBroker,
  type RemotingCommand,
  registerBrokerBody,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type NameServerCalls, Registration } from '../../src/registration/index.ts'
import { response } from '../clients/fake-link.ts'
import { recordingLog } from '../kept/config-kit.ts'

interface Called {
  address: string
  code: number
  header: Record<string, unknown>
  body: Buffer | undefined
  topics: string[]
}

type AnswerTo = (called: Called) => Promise<Partial<RemotingCommand>>

const identity = {
  clusterName: 'DefaultCluster',
  brokerName: 'broker-a',
  brokerId: 0,
  brokerAddr: '127.0.0.1:10911',
  haServerAddr: '127.0.0.1:10912',
}

function open(
  nameServers: string[],
  topicNames: string[],
  options: { settings?: Partial<Settings>; answer?: AnswerTo } = {},
) {
  const clock = new SteppedClock()
  const { log, lines } = recordingLog()
  const list = new Map<string, TopicConfig>(topicNames.map((name) => [name, newTopicConfig(name)]))
  let dataVersion = { counter: 0, stateVersion: 0, timestamp: 1 }
  const called: Called[] = []
  const ordered: string[][] = []
  const settings: Settings = {
    namesrvAddr: nameServers,
    registerNameServerPeriod: 30_000,
    registerBrokerTimeoutMills: 24_000,
    forceRegister: true,
    compressedRegister: false,
    brokerPermission: 6,
    ...options.settings,
  }
  const state = { answer: options.answer ?? (async () => ({})) }
  const calls: NameServerCalls = {
    async call(address, command, { header, body }) {
      const bytes = body as Buffer | undefined
      const one = {
        address,
        code: command.code,
        header: { ...header } as Record<string, unknown>,
        body: bytes,
        topics:
          command.code === 103
            ? [...bodyOf(header as never, bytes!).topicConfigSerializeWrapper.topicConfigTable.keys()]
            : [],
      }
      called.push(one)
      return response(await state.answer(one))
    },
  }
  const registration = new Registration({
    clock,
    log,
    calls,
    identity,
    topics: {
      get dataVersion() {
        return dataVersion
      },
      get: (topic) => list.get(topic),
      list: () => list,
    },
    settings: () => settings,
    onOrderedTopics: (topics) => ordered.push([...topics]),
  })
  const change = (...names: string[]): void => {
    for (const name of names) list.set(name, newTopicConfig(name))
    dataVersion = nextDataVersion(dataVersion, clock.now())
    registration.topicsChanged(names)
  }
  /** Lets promises go on that wait for answers. */
  const settle = async (): Promise<void> => {
    for (let index = 0; index < 50; index++) await Promise.resolve()
  }
  const take = (): Called[] => called.splice(0)
  return { clock, lines, registration, change, settle, take, settings, state, ordered, list }
}

interface Settings {
  namesrvAddr: readonly string[]
  registerNameServerPeriod: number
  registerBrokerTimeoutMills: number
  forceRegister: boolean
  compressedRegister: boolean
  brokerPermission: number
}

function bodyOf(header: { compressed?: boolean }, bytes: Buffer): RegisterBroker {
  return header.compressed ? decodeCompressedRegisterBroker(bytes) : registerBrokerBody.decode(bytes)
}

describe('a broker', () => {
  test('registers all its topics at every name server at the start, and regularly', async () => {
    const { registration, clock, settle, take, lines } = open(['ns1:9876', 'ns2:9876'], ['A', 'B'])
    await registration.start()
    const first = take()
    expect(first.map(({ address, code, topics }) => [address, code, topics])).toEqual([
      ['ns1:9876', 103, ['A', 'B']],
      ['ns2:9876', 103, ['A', 'B']],
    ])
    expect(first[0]!.header).toEqual({
      ...identity,
      enableActingMaster: false,
      compressed: false,
      bodyCrc32: crc32(first[0]!.body!) & 0x7fffffff,
    })
    clock.advance(30_000)
    await settle()
    expect(take().map(({ topics }) => topics)).toEqual([
      ['A', 'B'],
      ['A', 'B'],
    ])
    expect(lines.map(({ message }) => message)).toEqual([
      'the broker is registered at the name server',
      'the broker is registered at the name server',
    ])
  })

  test('sends the same bytes while nothing changes', async () => {
    const { registration, clock, settle, take } = open(['ns'], ['A', 'B'])
    await registration.start()
    clock.advance(30_000)
    await settle()
    const [first, second] = take()
    expect(second!.body).toBe(first!.body)
  })

  test('registers a new topic at once and alone, with the version of the whole table', async () => {
    const { registration, clock, change, settle, take } = open(['ns'], ['A', 'B'])
    await registration.start()
    take()
    change('C')
    clock.advance(3)
    await settle()
    const [only, ...others] = take()
    expect([only!.topics, others]).toEqual([['C'], []])
    const wrapper = bodyOf(only!.header, only!.body!).topicConfigSerializeWrapper
    expect(wrapper.dataVersion.counter).toBe(1)
  })

  test('sends several changes as all topics while these are few, else as those that changed', async () => {
    const few = open(['ns'], ['A', 'B'])
    await few.registration.start()
    few.take()
    few.change('C')
    few.change('D')
    few.clock.advance(3)
    await few.settle()
    expect(few.take().map(({ topics }) => topics)).toEqual([['A', 'B', 'C', 'D']])

    const many = open(
      ['ns'],
      Array.from({ length: 1001 }, (_, index) => `T${index}`),
    )
    await many.registration.start()
    many.take()
    many.change('C', 'D')
    many.clock.advance(3)
    await many.settle()
    expect(many.take().map(({ topics }) => topics)).toEqual([['C', 'D']])
  })

  test('has one request under way at a name server, and sends what changed meanwhile after it', async () => {
    const answers: PromiseWithResolvers<object>[] = []
    const answer = (): Promise<object> => {
      answers.push(Promise.withResolvers<object>())
      return answers.at(-1)!.promise
    }
    const { registration, clock, change, settle, take } = open(['ns'], ['A', 'B'], { answer })
    const started = registration.start()
    change('C')
    clock.advance(3)
    change('D')
    clock.advance(3)
    await settle()
    expect(take()).toHaveLength(1)
    answers[0]!.resolve({})
    await settle()
    expect(take().map(({ topics }) => topics)).toEqual([['A', 'B', 'C', 'D']])
    answers[1]!.resolve({})
    await started
  })

  test('is neither kept waiting nor failed at one name server by another', async () => {
    const never = Promise.withResolvers<object>().promise
    const answer: AnswerTo = ({ address }) =>
      address === 'hangs' ? never : address === 'dead' ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve({})
    const { registration, clock, change, settle, take, lines } = open(['hangs', 'dead', 'ns'], ['A', 'B'], { answer })
    void registration.start()
    await settle()
    take()
    change('C')
    clock.advance(3)
    await settle()
    expect(take().map(({ address, topics }) => [address, topics])).toEqual([['ns', ['C']]])
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('tries again soon and then less often, says so once, and sends all topics when it succeeds', async () => {
    let isDead = true
    const answer: AnswerTo = () => (isDead ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve({}))
    const { registration, clock, change, settle, take, lines } = open(['ns'], ['A', 'B'], { answer })
    await registration.start()
    const triedAt: number[] = []
    for (let second = 1; second <= 29; second++) {
      change(`C${second}`)
      clock.advance(1000)
      await settle()
      if (take().length > 0) triedAt.push(second)
    }
    expect(triedAt).toEqual([1, 1 + 2, 3 + 4, 7 + 8])
    expect(lines.map(({ level }) => level)).toEqual(['warn'])
    isDead = false
    clock.advance(30_000)
    await settle()
    expect(take()[0]!.topics).toHaveLength(31)
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  test('takes a refusal for a failure', async () => {
    const answer: AnswerTo = async () => ({ code: 1, remark: 'crc32 not match' })
    const { registration, lines } = open(['ns'], ['A', 'B'], { answer })
    await registration.start()
    expect(lines.map(({ level }) => level)).toEqual(['warn'])
  })

  test('asks first whether anything changed when it is not forced to register', async () => {
    let changed = 'true'
    const answer: AnswerTo = async ({ code }) => (code === 322 ? { extFields: { changed } } : {})
    const { registration, clock, settle, take } = open(['ns'], ['A', 'B'], {
      answer,
      settings: { forceRegister: false },
    })
    await registration.start()
    expect(take().map(({ code }) => code)).toEqual([322, 103])
    changed = 'false'
    clock.advance(30_000)
    await settle()
    expect(take().map(({ code }) => code)).toEqual([322])
  })

  test('lends its topics no permission that it has not itself', async () => {
    const { registration, take, settings, list } = open(['ns'], ['A', 'B'], { settings: { brokerPermission: 4 } })
    list.set('C', newTopicConfig('C', { perm: 7 }))
    await registration.start()
    const perms = (called: Called): number[] =>
      [...bodyOf(called.header, called.body!).topicConfigSerializeWrapper.topicConfigTable.values()].map(
        ({ perm }) => perm,
      )
    expect(perms(take()[0]!)).toEqual([4, 4, 4])
    settings.brokerPermission = 6
    await registration.registerAll()
    expect(perms(take()[0]!)).toEqual([6, 6, 7])
  })

  test('compresses when it is told to, and what would not fit otherwise', async () => {
    const told = open(['ns'], ['A', 'B'], { settings: { compressedRegister: true } })
    await told.registration.start()
    const many = open(
      ['ns'],
      Array.from({ length: 100_000 }, (_, index) => `topic-${index}`),
    )
    await many.registration.start()
    for (const [{ take }, count] of [
      [told, 2],
      [many, 100_000],
    ] as const) {
      const [{ header, body, topics }] = take() as [Called]
      expect([header.compressed, topics.length, header.bodyCrc32]).toEqual([true, count, crc32(body!) & 0x7fffffff])
      expect(body!.length).toBeLessThan(1024 * 1024)
    }
  })

  test('hears which topics are ordered', async () => {
    const body = keyValueTableBody.encode({ table: new Map([['A', 'broker-a:4']]) })
    const { registration, ordered } = open(['ns'], ['A', 'B'], { answer: async () => ({ body }) })
    await registration.start()
    expect(ordered).toEqual([['A']])
  })

  test('goes to other name servers when they change, and leaves those that are none any more', async () => {
    const { registration, settings, settle, take } = open(['ns1', 'ns2'], ['A'])
    await registration.start()
    take()
    settings.namesrvAddr = ['ns2', 'ns3']
    registration.settingsChanged(['namesrvAddr'])
    await settle()
    expect(
      take()
        .map((one) => `${one.address} ${commandOfCode(one.code)?.name}`)
        .sort(),
    ).toEqual(['ns1 UNREGISTER_BROKER', 'ns2 REGISTER_BROKER', 'ns3 REGISTER_BROKER'])
  })

  test('comes in a new rhythm when the period changes', async () => {
    const { registration, settings, clock, settle, take } = open(['ns'], ['A'])
    await registration.start()
    take()
    settings.registerNameServerPeriod = 10_000
    registration.settingsChanged(['registerNameServerPeriod'])
    clock.advance(10_000)
    await settle()
    expect(take()).toHaveLength(1)
    clock.advance(20_000)
    await settle()
    expect(take()).toHaveLength(2)
  })

  test('unregisters when it stops, and is silent from then on', async () => {
    const { registration, clock, change, settle, take } = open(['ns1', 'ns2'], ['A', 'B'])
    await registration.start()
    take()
    change('C')
    await registration.close()
    const { haServerAddr: _, ...header } = identity
    expect(take().map((one) => [one.address, commandOfCode(one.code)?.name, one.header])).toEqual([
      ['ns1', 'UNREGISTER_BROKER', header],
      ['ns2', 'UNREGISTER_BROKER', header],
    ])
    clock.advance(100_000)
    await settle()
    expect(take()).toEqual([])
  })
})
