import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import type { DataVersion, TopicConfig, TopicQueueMappingDetail } from '@rocketmq-ts/protocol'
import { type BrokerIdentity, type NameServerCalls, NameServerLink } from './name-server-link.ts'
import { encodeRegistration, type RegistrationBody } from './registration-body.ts'

export interface RegistrationOptions {
  clock: Clock
  log: Log
  calls: NameServerCalls
  identity: BrokerIdentity
  topics: {
    readonly dataVersion: DataVersion
    get(topic: string): TopicConfig | undefined
    list(): ReadonlyMap<string, TopicConfig>
  }
  /** The static topics among them; there is none when left out. */
  mappings?: { details(topics: Iterable<string>): Map<string, TopicQueueMappingDetail> }
  settings(): {
    /** `host:port` of each. */
    namesrvAddr: readonly string[]
    /** Milliseconds between two registrations when nothing changes. */
    registerNameServerPeriod: number
    registerBrokerTimeoutMills: number
    forceRegister: boolean
    compressedRegister: boolean
    brokerPermission: number
  }
  /** A name server told which topics are ordered. */
  onOrderedTopics(topics: ReadonlySet<string>): void
}

/** Milliseconds in which changes of topics are gathered. */
const gatherMs = 3
/**
 * Several changes are sent as all topics while that is cheap. A name server that replaces what it knows by what it
 * gets (deleteTopicWithBrokerRegistration) would take a part for the whole; for one topic it does not.
 */
const cheapTopicsMax = 1000

/** Keeps the broker registered at all its name servers, each on its own. */
export class Registration {
  readonly #options: RegistrationOptions
  #links: readonly NameServerLink[]
  readonly #changedTopics = new Set<string>()
  #full:
    | { dataVersion: DataVersion; brokerPermission: number; isCompressed: boolean; body: RegistrationBody }
    | undefined
  #cancelPeriod: CancelTimer | undefined
  #cancelGather: CancelTimer | undefined
  #isStarted = false

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#links = [...new Set(options.settings().namesrvAddr)].map((address) => this.#newLink(address))
  }

  /** Registers everywhere, and from then on regularly. Resolves when each name server has answered or failed to. */
  async start(): Promise<void> {
    this.#isStarted = true
    this.#beginPeriod()
    await this.registerAll()
  }

  /** Settings changed, whose keys these are. */
  settingsChanged(changedKeys: readonly string[]): void {
    const isChanged = (key: keyof ReturnType<RegistrationOptions['settings']>) => changedKeys.includes(key)
    if (isChanged('namesrvAddr')) this.#changeNameServers()
    if (!this.#isStarted) return
    if (isChanged('registerNameServerPeriod')) this.#beginPeriod()
    if (isChanged('brokerPermission') || isChanged('namesrvAddr')) void this.registerAll()
  }

  /** Registers all topics: the broker's permission changed, or a name server may have lost them. */
  async registerAll(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.registerAll()))
  }

  /** Topics came, changed or went. Those that went stay registered until someone deletes them at the name servers. */
  topicsChanged(names: readonly string[]): void {
    if (!this.#isStarted || this.#links.length === 0) return
    for (const name of names) if (this.#options.topics.get(name) !== undefined) this.#changedTopics.add(name)
    if (this.#changedTopics.size === 0 || this.#cancelGather !== undefined) return
    this.#cancelGather = this.#options.clock.after(gatherMs, () => this.#registerChanges())
  }

  /**
   * Resolves when what changed so far is registered at each name server that answers: who created a topic can then find its
   * route.
   * @param msMax milliseconds after which it resolves in any case
   */
  async settled(msMax: number): Promise<void> {
    if (!this.#isStarted) return
    if (this.#changedTopics.size > 0) this.#registerChanges()
    const { clock } = this.#options
    const timeout = Promise.withResolvers<void>()
    const cancel = clock.after(msMax, () => timeout.resolve())
    await Promise.race([Promise.all(this.#links.map((link) => link.settled())), timeout.promise])
    cancel()
  }

  /** Whether the broker is registered, by the address of each name server. */
  states(): Record<string, { isRegistered: boolean }> {
    return Object.fromEntries(this.#links.map(({ address, isRegistered }) => [address, { isRegistered }]))
  }

  /** Takes the broker out of the routes of all name servers; in a few seconds at the most. */
  async close(): Promise<void> {
    if (!this.#isStarted) return
    this.#isStarted = false
    this.#cancelPeriod?.()
    this.#cancelGather?.()
    await Promise.all(this.#links.map((link) => link.unregister()))
  }

  #newLink(address: string): NameServerLink {
    const { clock, log, calls, identity, settings, topics, onOrderedTopics } = this.#options
    return new NameServerLink(address, {
      clock,
      log,
      calls,
      identity,
      periodMs: () => settings().registerNameServerPeriod,
      timeoutMs: () => settings().registerBrokerTimeoutMills,
      isForced: () => settings().forceRegister,
      dataVersion: () => topics.dataVersion,
      fullBody: () => this.#fullBody(),
      partBody: (names) => this.#partBody(names),
      isFullBetter: (changeCount) => changeCount > 1 && topics.list().size <= cheapTopicsMax,
      onOrderedTopics,
    })
  }

  #beginPeriod(): void {
    const { clock, settings } = this.#options
    this.#cancelPeriod?.()
    this.#cancelPeriod = clock.every(settings().registerNameServerPeriod, () => void this.registerAll())
  }

  /** Takes the broker out of the routes of name servers that are no longer among its own. */
  #changeNameServers(): void {
    const wanted = new Set(this.#options.settings().namesrvAddr)
    const known = new Map(this.#links.map((link) => [link.address, link]))
    this.#links = [...wanted].map((address) => known.get(address) ?? this.#newLink(address))
    if (!this.#isStarted) return
    for (const [address, link] of known) if (!wanted.has(address)) void link.unregister()
  }

  #registerChanges(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    const changed = [...this.#changedTopics]
    this.#changedTopics.clear()
    for (const link of this.#links) link.registerTopics(changed)
  }

  /** The same bytes as long as nothing changed, which name servers notice. */
  #fullBody(): RegistrationBody {
    const { topics, settings } = this.#options
    const { brokerPermission, compressedRegister: isCompressed } = settings()
    const { dataVersion } = topics
    const known = this.#full
    if (
      known !== undefined &&
      known.dataVersion === dataVersion &&
      known.brokerPermission === brokerPermission &&
      known.isCompressed === isCompressed
    ) {
      return known.body
    }
    const body = this.#encode(topics.list(), dataVersion)
    this.#full = { dataVersion, brokerPermission, isCompressed, body }
    return body
  }

  #partBody(names: ReadonlySet<string>): RegistrationBody | undefined {
    const { topics } = this.#options
    const part = new Map<string, TopicConfig>()
    for (const name of names) {
      const topic = topics.get(name)
      if (topic !== undefined) part.set(name, topic)
    }
    if (part.size === 0) return undefined
    return this.#encode(part, topics.dataVersion)
  }

  #encode(topics: ReadonlyMap<string, TopicConfig>, dataVersion: DataVersion): RegistrationBody {
    const { settings, mappings } = this.#options
    const { brokerPermission, compressedRegister: isCompressed } = settings()
    const ofStatic = mappings?.details(topics.keys()) ?? new Map()
    return encodeRegistration(topics, ofStatic, dataVersion, { brokerPermission, isCompressed })
  }
}
