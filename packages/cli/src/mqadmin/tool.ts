import { type CallAnswer, ClusterCalls, ClusterClient, type Deadline, type Master } from '@rocketmq-ts/client/raw'
import {
  type AnyCommand,
  type Body,
  clusterInfoBody,
  commands,
  parseJavaProperties,
  type RequestOf,
  topicListBody,
} from '@rocketmq-ts/protocol'
import type { Session } from '../session.ts'
import { CommandError, UsageError } from '../usage-error.ts'

/** An option as the official tools have it. */
export interface ToolOption {
  /** A few have a long name alone. */
  readonly short?: string
  readonly long: string
  readonly about: string
  readonly isRequired?: boolean
  /** It stands alone. */
  readonly isFlag?: boolean
  /** Of a required one: an empty text is a value. */
  readonly mayBeEmpty?: boolean
}

/** A command of the official tools. */
export interface Tool {
  readonly name: string
  readonly about: string
  readonly options: readonly ToolOption[]
  /** What is another way than with the official tools, on purpose. */
  readonly differs?: string
  run(context: ToolContext): Promise<void>
}

/** A broker, or the cluster whose masters are meant. */
export const target: readonly ToolOption[] = [
  { short: 'b', long: 'brokerAddr', about: 'address of a broker' },
  { short: 'c', long: 'clusterName', about: 'the cluster: all of its masters' },
]

export const topic: ToolOption = { short: 't', long: 'topic', about: 'name of the topic', isRequired: true }

export function required(short: string, long: string, about: string): ToolOption {
  return { short, long, about, isRequired: true }
}

export function optional(short: string, long: string, about: string): ToolOption {
  return { short, long, about }
}

export function flag(short: string, long: string, about: string): ToolOption {
  return { short, long, about, isFlag: true }
}

const everywhere: readonly ToolOption[] = [
  optional('n', 'namesrvAddr', 'name servers, host:port separated by semicolons'),
  flag('h', 'help', 'tells how to use it'),
]

/**
 * Values by the long names of options, as the official tools parse them: `-t X`, `-tX`, `--topic X`, `--topic=X`.
 * @throws UsageError
 */
export function parseToolOptions(tool: Tool, words: readonly string[]): Map<string, string> {
  const known = [...tool.options, ...everywhere]
  const values = new Map<string, string>()
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const found = findOption(known, word)
    if (found === undefined)
      throw new UsageError(`${tool.name} has no option ${word}: rocketmq mqadmin help ${tool.name}`)
    const { option, attached } = found
    if (option.isFlag) values.set(option.long, 'true')
    else {
      const value = attached ?? words[++index]
      if (value === undefined) throw new UsageError(`${tool.name}: ${nameOf(option)} needs a value (${option.about})`)
      if (value.trim() === '' && needsText(option)) {
        throw new UsageError(`${tool.name}: the value of ${nameOf(option)} is empty (${option.about})`)
      }
      values.set(option.long, value.trim())
    }
  }
  if (values.has('help')) return values
  const missing = tool.options.filter(({ isRequired, long }) => isRequired && !values.has(long))
  if (missing.length > 0) {
    const names = missing.map((option) => `${nameOf(option)} (${option.long})`).join(', ')
    throw new UsageError(`${tool.name} needs ${names}: rocketmq mqadmin help ${tool.name}`)
  }
  return values
}

function findOption(
  known: readonly ToolOption[],
  word: string,
): { readonly option: ToolOption; readonly attached: string | undefined } | undefined {
  const long = /^--?([A-Za-z]+)(?:=(.*))?$/s.exec(word)
  const whole = known.find(
    (one) => long !== null && (one.long === long[1] || (one.short === long[1] && !word.startsWith('--'))),
  )
  if (whole !== undefined) return { option: whole, attached: long![2] }
  // The value may stand right behind a short name.
  const glued = known.find(
    ({ short, isFlag }) => short !== undefined && !isFlag && word.startsWith(`-${short}`) && !word.startsWith('--'),
  )
  return glued === undefined ? undefined : { option: glued, attached: word.slice(1 + (glued.short ?? '').length) }
}

const targetNames = ['brokerAddr', 'broker', 'brokerName', 'brokers', 'cluster', 'clusterName', 'clusters']

/** A variable of a shell that is not set must not stand for all brokers, nor for a name that is none. */
function needsText({ long, isRequired, mayBeEmpty }: ToolOption): boolean {
  return (isRequired === true && mayBeEmpty !== true) || targetNames.includes(long)
}

function nameOf({ short, long }: ToolOption): string {
  return short === undefined ? `--${long}` : `-${short}`
}

export function toolHelp({ name, about, options }: Tool): string {
  const rows = [...options, ...everywhere].map(({ short, long, isFlag, isRequired, about: meaning }) => [
    `${short === undefined ? '    ' : ` -${short},`}--${long}${isFlag ? '' : ' <arg>'}`,
    `${meaning}${isRequired ? ' (required)' : ''}`,
  ])
  const width = Math.max(...rows.map(([names]) => names!.length)) + 3
  const usage = options.filter(({ isRequired }) => isRequired).map(({ short }) => ` -${short} <arg>`)
  return `usage: mqadmin ${name}${usage.join('')} [options]\n${about}\n${rows.map(([names, meaning]) => `${names!.padEnd(width)}${meaning}\n`).join('')}`
}

const timeoutMs = 5000

/** A broker that a tool is told to ask. */
export interface Target extends Master {
  /** Of a slave: the address of its master. */
  readonly masterAddress?: string
}

/** What a tool has of the cluster, and of what was typed. */
export class ToolContext {
  readonly session: Session
  readonly client: ClusterClient
  readonly calls: ClusterCalls
  readonly #values: ReadonlyMap<string, string>

  constructor(session: Session, client: ClusterClient, values: ReadonlyMap<string, string>) {
    this.session = session
    this.client = client
    this.calls = new ClusterCalls(client)
    this.#values = values
  }

  static async open(session: Session, values: ReadonlyMap<string, string>): Promise<ToolContext> {
    const nameServers = values.get('namesrvAddr')
    if (nameServers !== undefined) session.useNameServers(nameServers, '-n')
    const options = await session.clientOptions()
    const client = new ClusterClient(options, { name: 'mqadmin' })
    session.own({ [Symbol.asyncDispose]: () => client.close() })
    return new ToolContext(session, client, values)
  }

  /** Of one request from now on: a tool with many of them takes as long as it needs. */
  get deadline(): Deadline {
    return this.client.deadline({ signal: this.session.signal, timeoutMs: 2 * timeoutMs })
  }

  /** Resolves when there is room for more: what is printed of a large topic is not kept here. */
  print(text: string): Promise<void> {
    return this.session.host.write(text)
  }

  line(text: string): Promise<void> {
    return this.print(`${text}\n`)
  }

  /** By the option's long name; an empty text counts as none. */
  value(long: string): string | undefined {
    return this.#values.get(long) || undefined
  }

  has(long: string): boolean {
    return this.#values.has(long)
  }

  need(long: string): string {
    return this.#values.get(long) ?? ''
  }

  /** @throws UsageError when it is no whole number */
  number(long: string, fallback: number): number {
    const text = this.value(long)
    if (text === undefined) return fallback
    if (/^-?\d{1,16}$/.test(text)) return Number(text)
    throw new UsageError(`${long} is ${text}: give a whole number`)
  }

  /** Asks a broker. @throws RocketMQError unless the answer is SUCCESS */
  ask<C extends AnyCommand>(broker: Master, command: C, header: RequestOf<C>, body?: Buffer): Promise<CallAnswer<C>> {
    return this.calls.ask(broker, command, header, this.deadline, body)
  }

  /** What a name server says in the body of its answer. @throws RocketMQError unless the answer is SUCCESS */
  askNameServer<C extends AnyCommand, Told>(command: C, header: RequestOf<C>, body: Body<Told>): Promise<Told> {
    return this.client.nameServers.read(command, header, this.deadline, (answer) =>
      body.decode(answer.body ?? Buffer.alloc(0)),
    )
  }

  /** Does it once, or again and again when -i tells the seconds in between: until it is interrupted. */
  async repeat(look: () => Promise<void>): Promise<void> {
    const { host, signal } = this.session
    if (!this.has('interval')) return look()
    const intervalMs = this.number('interval', 1) * 1000
    while (!signal.aborted) {
      // An interruption ends it as it is meant to end.
      await look().catch((error: Error) => {
        if (!signal.aborted) throw error
      })
      await host.pause(intervalMs, signal)
    }
  }

  /** Names of all topics. */
  async topics(): Promise<readonly string[]> {
    return (await this.askNameServer(commands.getAllTopicListFromNameserver, {}, topicListBody)).topicList
  }

  clusterInfo() {
    return this.askNameServer(commands.getBrokerClusterInfo, {}, clusterInfoBody)
  }

  /** The masters of a cluster, by name. @throws CommandError when it has none */
  async mastersOf(cluster: string): Promise<Master[]> {
    const { brokerAddrTable, clusterAddrTable } = await this.clusterInfo()
    const names = [...(clusterAddrTable.get(cluster) ?? [])].sort()
    const masters = names.flatMap((name) => {
      const address = brokerAddrTable.get(name)?.brokerAddrs.get(0)
      return address === undefined ? [] : [{ name, address }]
    })
    if (masters.length > 0) return masters
    const known = [...clusterAddrTable.keys()].join(', ') || 'none'
    throw new CommandError(`Make sure the specified clusterName exists: ${cluster} has no master; there are ${known}`)
  }

  /**
   * The broker that -b names by its address, or the masters of the cluster that -c names.
   * @param options.withSlaves behind each master its slaves
   * @throws UsageError when none is named, CommandError when the cluster has no master
   */
  async targets({ withSlaves = false }: { readonly withSlaves?: boolean } = {}): Promise<Target[]> {
    const address = this.value('brokerAddr')
    if (address !== undefined) return [{ name: address, address }]
    const cluster = this.value('clusterName') ?? this.value('cluster')
    if (cluster === undefined) throw new UsageError('give -b (address of a broker) or -c (name of a cluster)')
    const masters = await this.mastersOf(cluster)
    if (!withSlaves) return masters
    const { brokerAddrTable } = await this.clusterInfo()
    return masters.flatMap((master) => [
      master,
      ...[...(brokerAddrTable.get(master.name)?.brokerAddrs ?? [])]
        .filter(([id]) => id !== 0)
        .map(([, slave]) => ({ name: master.name, address: slave, masterAddress: master.address })),
    ])
  }
}

/** Milliseconds since 1970 of a time as the tools take it. @throws UsageError */
export function timeOf(text: string, nowMs: number): number {
  if (text === 'now' || text === 'currentTimeMillis') return nowMs
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  const match = /^(\d{4})-(\d\d)-(\d\d)#(\d\d):(\d\d):(\d\d):(\d{3})$/.exec(text)
  if (match !== null) {
    const [year, month, day, hour, minute, second, ms] = match.slice(1).map(Number)
    return new Date(year!, month! - 1, day, hour, minute, second, ms).getTime()
  }
  throw new UsageError(`${text} is no time: write now, milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS`)
}

/** The settings of a server's answer. */
export function propertiesTold(body: Buffer): Map<string, string> {
  return parseJavaProperties(body.toString('utf8'))
}
