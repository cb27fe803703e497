import { sameDataVersion } from '@rocketmq-ts/protocol'
import { BrokerGroup, type LivingBroker, masterId } from './broker-group.ts'
import { type QueueLayout, withoutWriting, withWriting } from './queue-layout.ts'
import type { BrokerIdentity, MasterOfSlave, Registration, RegistrationOutcome } from './registration.ts'

/** The smallest broker id of a name has changed. */
export interface SmallestBrokerChange {
  readonly group: BrokerGroup
  /** The broker that left, when that is the cause. */
  readonly left: LivingBroker | undefined
}

export interface RouteTableOptions {
  onSmallestBrokerChange?(change: SmallestBrokerChange): void
}

/**
 * Which brokers live and which topics they serve. No I/O and no clock: callers pass the time, in milliseconds that
 * never go back. Each living broker is a member of exactly one group, and each group has a member.
 */
export class RouteTable {
  readonly #groups = new Map<string, BrokerGroup>()
  readonly #living = new Map<string, LivingBroker>()
  readonly #options: RouteTableOptions

  constructor(options: RouteTableOptions = {}) {
    this.#options = options
  }

  /** By broker name. */
  get groups(): ReadonlyMap<string, BrokerGroup> {
    return this.#groups
  }

  /** By address. */
  get living(): ReadonlyMap<string, LivingBroker> {
    return this.#living
  }

  /**
   * Takes a registration. A body adds and changes topics and removes none: it may hold a single new topic, or a part
   * of many. Known topics are updated when the data version differs from the last one or the broker is new.
   *
   * @param isWholeList whether topics that are missing in the registration are forgotten
   */
  register(registration: Registration, nowMs: number, isWholeList = false): RegistrationOutcome {
    const { brokerName, brokerId, address } = registration
    const holder = this.#groups.get(brokerName)?.members.get(brokerId)
    const refusal = refusalOf(registration, holder)
    if (refusal !== undefined) return { kind: 'refused', reason: refusal }

    const smallestBefore = this.#groups.get(brokerName)?.smallestMember?.brokerId
    const previous = this.#living.get(address)
    const group = this.#makeRoomFor(registration, holder, previous)
    group.enableActingMaster = registration.enableActingMaster ?? false
    group.zoneName = registration.zoneName
    const isSame = previous !== undefined && previous === holder
    const isChanged = !isSame || !sameDataVersion(previous.dataVersion, registration.dataVersion)
    const broker = livingBroker(registration, nowMs)
    group.members.set(brokerId, broker)
    this.#living.set(address, broker)

    const forgotten = speaksForTopics(registration, group)
      ? takeTopics(group, registration, { isChanged, isWholeList })
      : undefined
    if (group.smallestMember?.brokerId !== smallestBefore)
      this.#options.onSmallestBrokerChange?.({ group, left: undefined })
    const replaced = holder !== undefined && holder.address !== address ? holder : undefined
    return { kind: 'registered', master: masterFor(broker, group), replaced, forgotten }
  }

  /**
   * Takes a registration whose body has the same bytes as the last one: it is a sign of life only.
   *
   * @param digest identifies the bytes
   * @returns undefined when the body must be read
   */
  refresh(
    identity: BrokerIdentity & { readonly brokerId: number },
    digest: string,
    connectionId: number,
    nowMs: number,
  ): RegistrationOutcome | undefined {
    const broker = this.#find(identity)
    if (broker === undefined || broker.brokerId !== identity.brokerId || broker.bodyDigest !== digest) return undefined
    this.heard(identity, connectionId, nowMs)
    const group = this.#groups.get(broker.brokerName)!
    return { kind: 'registered', master: masterFor(broker, group), replaced: undefined, forgotten: undefined }
  }

  /** A sign of life. @returns the broker, or undefined when it has not registered */
  heard(identity: BrokerIdentity, connectionId: number, nowMs: number): LivingBroker | undefined {
    const broker = this.#find(identity)
    if (broker === undefined) return undefined
    broker.heardAtMs = nowMs
    broker.connectionId = connectionId
    return broker
  }

  /** @returns the broker that is gone now, or undefined when none has registered with that address, name and id */
  unregister(identity: BrokerIdentity & { readonly brokerId: number }): LivingBroker | undefined {
    const broker = this.#find(identity)
    // A request with another id is about an earlier broker at this address: the present one stays.
    if (broker === undefined || broker.brokerId !== identity.brokerId) return undefined
    this.#remove(broker)
    return broker
  }

  /** Forgets brokers that were silent for longer than their timeout. */
  expire(nowMs: number): LivingBroker[] {
    return this.#removeWhere((broker) => nowMs - broker.heardAtMs > broker.timeoutMs)
  }

  /** Forgets the brokers that were heard over this connection last. */
  connectionLost(connectionId: number): LivingBroker[] {
    return this.#removeWhere((broker) => broker.connectionId === connectionId)
  }

  /** @param layouts by broker name; names without a living broker are left out */
  addTopic(topic: string, layouts: ReadonlyMap<string, QueueLayout>): void {
    for (const [brokerName, layout] of layouts) this.#groups.get(brokerName)?.topics.set(topic, layout)
  }

  /**
   * Forgets a topic until a broker registers it again.
   *
   * @param clusterName only there; undefined everywhere
   * @returns the names of the brokers that had it
   */
  removeTopic(topic: string, clusterName?: string): string[] {
    const brokerNames: string[] = []
    for (const group of this.#groups.values()) {
      if (clusterName !== undefined && group.clusterName !== clusterName) continue
      if (group.topics.delete(topic)) brokerNames.push(group.brokerName)
      group.mappings.delete(topic)
      group.forgetBodies()
    }
    return brokerNames
  }

  /** Producers stay away from a broker until it registers changed topics. @returns how many topics it has */
  wipeWritePermission(brokerName: string): number {
    const group = this.#groups.get(brokerName)
    group?.changeLayouts(withoutWriting)
    return group?.topics.size ?? 0
  }

  /** @returns how many topics the broker has */
  addWritePermission(brokerName: string): number {
    const group = this.#groups.get(brokerName)
    group?.changeLayouts(withWriting)
    return group?.topics.size ?? 0
  }

  #find({ clusterName, brokerName, address }: BrokerIdentity): LivingBroker | undefined {
    const broker = this.#living.get(address)
    return broker?.brokerName === brokerName && broker.clusterName === clusterName ? broker : undefined
  }

  /**
   * The group of a broker, without an earlier holder of its id, and without an earlier entry of the broker itself under
   * another name, cluster or id (such as a slave that became master).
   */
  #makeRoomFor(
    { brokerName, clusterName }: Registration,
    holder: LivingBroker | undefined,
    previous: LivingBroker | undefined,
  ): BrokerGroup {
    let group = this.#groups.get(brokerName)
    if (group !== undefined && group.clusterName !== clusterName) {
      for (const member of group.members.values()) this.#living.delete(member.address)
      group = undefined
    }
    if (group === undefined) group = new BrokerGroup(brokerName, clusterName)
    if (previous !== undefined && previous.brokerName !== brokerName) this.#remove(previous)
    else if (previous !== undefined) group.members.delete(previous.brokerId)
    if (holder !== undefined && holder !== previous) this.#living.delete(holder.address)
    this.#groups.set(brokerName, group)
    return group
  }

  #removeWhere(isGone: (broker: LivingBroker) => boolean): LivingBroker[] {
    const gone = [...this.#living.values()].filter(isGone)
    for (const broker of gone) this.#remove(broker)
    return gone
  }

  #remove(broker: LivingBroker): void {
    this.#living.delete(broker.address)
    const group = this.#groups.get(broker.brokerName)!
    group.members.delete(broker.brokerId)
    const smallest = group.smallestMember
    if (smallest === undefined) {
      this.#groups.delete(group.brokerName)
      return
    }
    group.stopWritingWithoutMaster()
    group.forgetBodies()
    if (smallest.brokerId > broker.brokerId) this.#options.onSmallestBrokerChange?.({ group, left: broker })
  }
}

function refusalOf(registration: Registration, holder: LivingBroker | undefined): string | undefined {
  const { brokerName, brokerId, address, dataVersion, topics } = registration
  if (holder === undefined) {
    // Otherwise it would look like a broker without any other topic.
    if (topics.size !== 1) return undefined
    return `register broker failed: ${brokerName} with id ${brokerId} is not known here, register all its topics first`
  }
  if (holder.address === address || holder.dataVersion.stateVersion <= dataVersion.stateVersion) return undefined
  return (
    `register broker failed: ${holder.address} holds id ${brokerId} of ${brokerName} with state version ` +
    `${holder.dataVersion.stateVersion}, yours is ${dataVersion.stateVersion}`
  )
}

function livingBroker(registration: Registration, nowMs: number): LivingBroker {
  const { address, clusterName, brokerName, brokerId, haServerAddress, filterServers } = registration
  const { dataVersion, bodyDigest, connectionId, timeoutMs } = registration
  const identity = { address, clusterName, brokerName, brokerId }
  return {
    ...identity,
    haServerAddress,
    filterServers,
    dataVersion,
    bodyDigest,
    connectionId,
    timeoutMs,
    heardAtMs: nowMs,
  }
}

/** Topics are taken from the master; without one, from the smallest slave, if it is of 5.0 or later. */
function speaksForTopics({ brokerId, enableActingMaster }: Registration, group: BrokerGroup): boolean {
  return brokerId === masterId || (enableActingMaster !== undefined && group.smallestMember?.brokerId === brokerId)
}

/** @returns topics that were forgotten because the registration leaves them out, if there are any */
function takeTopics(
  group: BrokerGroup,
  { topics, mappings, brokerId }: Registration,
  { isChanged, isWholeList }: { isChanged: boolean; isWholeList: boolean },
): string[] | undefined {
  const isLeftOut = (topic: string): boolean => !topics.has(topic)
  const forgotten = isWholeList && mappings.size === 0 ? [...group.topics.keys()].filter(isLeftOut) : []
  for (const topic of forgotten) group.topics.delete(topic)
  const isReadOnly = brokerId !== masterId && group.enableActingMaster
  for (const [topic, layout] of topics) {
    if (isChanged || !group.topics.has(topic)) group.topics.set(topic, isReadOnly ? withoutWriting(layout) : layout)
  }
  if (isChanged) for (const [topic, mapping] of mappings) group.mappings.set(topic, mapping)
  return forgotten.length > 0 ? forgotten : undefined
}

function masterFor(broker: LivingBroker, group: BrokerGroup): MasterOfSlave | undefined {
  const { master } = group
  if (broker.brokerId === masterId || master === undefined) return undefined
  return { masterAddr: master.address, haServerAddr: master.haServerAddress }
}
