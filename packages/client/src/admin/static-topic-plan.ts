import {
  decidedItems,
  isDecided,
  itemsProblem,
  type LogicQueue,
  type LogicQueueMappingItem,
  leaderItem,
  newTopicConfig,
  type TopicConfigAndQueueMapping,
  type TopicQueueMappingDetail,
  type TopicRemapping,
  toLogicalOffset,
  undecidedOffset,
} from '@rocketmq-ts/protocol'
import { RocketMQError } from '../rocketmq-error.ts'

/** A static topic on each of its brokers, by their names. */
export type StaticTopicState = ReadonlyMap<string, TopicConfigAndQueueMapping>

/** How far an epoch is above the one before it, about. */
const epochStep = 1000
/** A logical queue goes on at a multiple of this after it moved. */
const offsetStep = 10_000
const globalScope = '__global__'

interface Checked {
  epoch: number
  totalQueues: number
  /** The items of each logical queue, by its id. */
  queues: Map<number, LogicQueue>
}

/**
 * Checks that all brokers say the same of a static topic.
 * @throws RocketMQError INVALID_PARAMETER with what they contradict each other in
 */
export function checkedStaticTopic(topic: string, state: StaticTopicState): Checked {
  const queues = new Map<number, LogicQueue>()
  let first: TopicQueueMappingDetail | undefined
  for (const [broker, { topicName, mappingDetail }] of state) {
    if (mappingDetail === undefined) refuse(topic, `it is an ordinary topic on ${broker}`)
    const { bname, scope, epoch, totalQueues, dirty } = mappingDetail
    first ??= mappingDetail
    if (topicName !== topic || mappingDetail.topic !== topic) refuse(topic, `${broker} has it by another name`)
    if (bname !== broker) refuse(topic, `the mapping on ${broker} is that of ${bname}`)
    if (dirty) refuse(topic, `the mapping on ${broker} is marked as dirty`)
    if (scope !== first.scope) refuse(topic, `its scope is ${first.scope}, and ${scope} on ${broker}`)
    if (epoch !== first.epoch) refuse(topic, `its epoch is ${first.epoch}, and ${epoch} on ${broker}`)
    if (totalQueues !== first.totalQueues)
      refuse(topic, `it has ${first.totalQueues} queues, and ${totalQueues} on ${broker}`)
    addLedQueues(topic, mappingDetail, queues)
  }
  const totalQueues = first?.totalQueues ?? 0
  for (let id = 0; id < totalQueues; id++) if (!queues.has(id)) refuse(topic, `no broker leads its queue ${id}`)
  if (queues.size !== totalQueues) refuse(topic, `it has ${totalQueues} queues, and ${queues.size} are led by brokers`)
  checkBrokerQueues(topic, queues, state)
  return { epoch: first?.epoch ?? 0, totalQueues, queues }
}

function addLedQueues(topic: string, detail: TopicQueueMappingDetail, queues: Map<number, LogicQueue>): void {
  for (const [id, items] of detail.hostedQueues) {
    const problem = itemsProblem(items)
    if (problem !== undefined) refuse(topic, `queue ${id} on ${detail.bname}: ${problem}`)
    if (leaderItem(items)?.bname !== detail.bname) continue
    if (queues.has(id)) refuse(topic, `two brokers lead its queue ${id}`)
    queues.set(id, items)
  }
}

/** Each item needs a queue of its own on its broker. */
function checkBrokerQueues(topic: string, queues: Map<number, LogicQueue>, state: StaticTopicState): void {
  const taken = new Map<string, number>()
  for (const [id, items] of queues) {
    for (const { bname, queueId } of items) {
      const place = `queue ${queueId} of ${bname}`
      const other = taken.get(place)
      if (other !== undefined) refuse(topic, `its queues ${other} and ${id} share ${place}`)
      taken.set(place, id)
      const config = state.get(bname!)
      if (config === undefined) refuse(topic, `its queue ${id} has messages on ${bname}, which does not have the topic`)
      if (queueId >= config.writeQueueNums || queueId >= config.readQueueNums) refuse(topic, `there is no ${place}`)
    }
  }
}

/**
 * A static topic with more queues, or a new one.
 * @param targets brokers that may lead the new queues, besides those that lead some
 * @throws RocketMQError INVALID_PARAMETER when it would not have more, or the topic is not consistent
 */
export function planOfQueues(
  topic: string,
  totalQueues: number,
  targets: ReadonlySet<string>,
  before: StaticTopicState,
  nowMs: number,
): TopicRemapping {
  const { epoch, queues } = checkedStaticTopic(topic, before)
  if (totalQueues < queues.size)
    refuse(topic, `it has ${queues.size} queues, and a static topic cannot have fewer than before (${totalQueues})`)
  if (totalQueues === queues.size) refuse(topic, `it has ${totalQueues} queues already: there is nothing to do`)
  const state = copyOf(before)
  const counts = new Map([...targets].map((broker) => [broker, 0]))
  for (const items of queues.values()) addOne(counts, leaderItem(items)!.bname!)
  for (let id = 0; id < totalQueues; id++) {
    if (!queues.has(id)) addLedQueue(topic, id, leastOf(counts), counts, state)
  }
  return finished(topic, 'CREATE_OR_UPDATE', state, nextEpoch(epoch, nowMs), totalQueues)
}

/**
 * A static topic whose queues are led by other brokers, as evenly as can be; queues stay where they are when they can.
 * @throws RocketMQError INVALID_PARAMETER when the topic is not consistent
 */
export function planOfMove(
  topic: string,
  targets: ReadonlySet<string>,
  before: StaticTopicState,
  nowMs: number,
): TopicRemapping {
  const { epoch, totalQueues, queues } = checkedStaticTopic(topic, before)
  const state = copyOf(before)
  const shares = sharesOf([...targets], queues)
  const waiting: number[] = []
  for (const [id, items] of queues) {
    const broker = leaderItem(items)!.bname!
    const left = shares.get(broker) ?? 0
    if (left > 0) shares.set(broker, left - 1)
    else waiting.push(id)
  }
  const mapIn = new Set<string>()
  const mapOut = new Set<string>()
  for (const [broker, count] of shares) {
    for (let taken = 0; taken < count; taken++) {
      const id = waiting.shift()!
      const items = queues.get(id)!
      const last = leaderItem(items)!
      mapIn.add(broker)
      mapOut.add(last.bname!)
      const queueId = addQueue(topic, broker, state)
      const moved = [...items, newItem(last.gen + 1, broker, queueId, undecidedOffset)]
      for (const name of [broker, last.bname!]) state.get(name)!.mappingDetail!.hostedQueues.set(id, moved)
    }
  }
  const plan = finished(topic, 'REMAPPING', state, nextEpoch(epoch, nowMs), totalQueues)
  return { ...plan, brokerToMapIn: [...mapIn].sort(), brokerToMapOut: [...mapOut].sort() }
}

/**
 * The items of each queue, by its id, as the broker says that knows of its newest item: in a topic that brokers agree on that is
 * its leader, and while it moves its next leader.
 * @throws RocketMQError INVALID_PARAMETER for an ordinary topic
 */
export function newestQueues(topic: string, state: StaticTopicState): Map<number, LogicQueue> {
  const newest = new Map<number, LogicQueue>()
  for (const [broker, { mappingDetail }] of state) {
    if (mappingDetail === undefined) {
      throw new RocketMQError('INVALID_PARAMETER', `${topic} is an ordinary topic on ${broker}, not a static one`, {
        topic,
      })
    }
    for (const [id, items] of mappingDetail.hostedQueues) {
      const last = leaderItem(items)
      if (last === undefined) continue
      const known = leaderItem(newest.get(id) ?? [])
      // Of the same item its own broker knows best.
      if (known === undefined || last.gen > known.gen || (last.gen === known.gen && last.bname === broker)) {
        newest.set(id, items)
      }
    }
  }
  return newest
}

/**
 * Brokers that lead a queue beside the one that knows of its newest item, by the queue's id: two changes were made beside each
 * other, by tools that do not keep each other from it. Who led it before it moved is none of them.
 */
export function rivalsOf(topic: string, state: StaticTopicState): Map<number, string[]> {
  const rivals = new Map<number, string[]>()
  for (const [id, items] of newestQueues(topic, state)) {
    const leader = leaderItem(items)!.bname
    for (const [broker, { mappingDetail }] of state) {
      const last = leaderItem(mappingDetail!.hostedQueues.get(id) ?? [])
      if (last?.bname !== broker || broker === leader) continue
      const isEarlier = items.some(
        ({ gen, bname, queueId }) => gen === last.gen && bname === broker && queueId === last.queueId,
      )
      if (!isEarlier) rivals.set(id, [...(rivals.get(id) ?? []), broker])
    }
  }
  return rivals
}

/** How many queues each broker needs for the items that it has. */
function neededCounts(queues: ReadonlyMap<number, LogicQueue>): Map<string, number> {
  const needed = new Map<string, number>()
  for (const items of queues.values()) {
    for (const { bname, queueId } of items) needed.set(bname!, Math.max(needed.get(bname!) ?? 0, queueId + 1))
  }
  return needed
}

/**
 * Whether a change of the topic was begun and is not done: brokers do not agree, a queue has no leader or several, a broker lacks
 * a queue, or it is not decided where one goes on.
 */
export function isUnfinished(topic: string, state: StaticTopicState): boolean {
  const queues = newestQueues(topic, state)
  const details = [...state.values()].map(({ mappingDetail }) => mappingDetail!)
  const isDifferent = details.some(
    ({ epoch, totalQueues }) => epoch !== details[0]!.epoch || totalQueues !== details[0]!.totalQueues,
  )
  const isWhole = queues.size === (details[0]?.totalQueues ?? 0)
  const isLacking = [...neededCounts(queues)].some(([broker, count]) => {
    const config = state.get(broker)
    return config !== undefined && Math.min(config.readQueueNums, config.writeQueueNums) < count
  })
  const isLeftOpen = [...queues.values()].some((items) => itemLeft(items) !== undefined)
  return isDifferent || !isWhole || isLacking || isLeftOpen || rivalsOf(topic, state).size > 0
}

/**
 * A static topic whose last change is done: queues that were on their way go on where they were to go, and those that nobody got
 * are led by brokers that lead the fewest.
 * @throws RocketMQError INVALID_PARAMETER when that does not make it consistent
 */
export function planOfCompletion(topic: string, before: StaticTopicState, nowMs: number): TopicRemapping {
  const queues = newestQueues(topic, before)
  const state = copyOf(before)
  const details = [...before.values()].map(({ mappingDetail }) => mappingDetail!)
  refuseWithoutLeaders(topic, before)
  refuseRivals(topic, before)
  for (const [broker, count] of neededCounts(queues)) {
    const config = state.get(broker)
    if (config === undefined) continue
    const { readQueueNums, writeQueueNums } = config
    const enough = { readQueueNums: Math.max(readQueueNums, count), writeQueueNums: Math.max(writeQueueNums, count) }
    state.set(broker, { ...config, ...enough })
  }
  const totalQueues = countOf(details, queues)
  const mapIn = new Set<string>()
  const mapOut = new Set<string>()
  const counts = new Map([...before.keys()].map((broker) => [broker, 0]))
  for (const [id, items] of queues) {
    const leader = leaderItem(items)!.bname!
    const left = itemLeft(items)
    addOne(counts, leader)
    for (const [broker, { mappingDetail }] of state) {
      if (broker === leader || mappingDetail!.hostedQueues.has(id)) mappingDetail!.hostedQueues.set(id, [...items])
    }
    if (left === undefined) continue
    mapIn.add(leader)
    mapOut.add(left.bname!)
  }
  for (let id = 0; id < totalQueues; id++) if (!queues.has(id)) addLedQueue(topic, id, leastOf(counts), counts, state)
  const epoch = nextEpoch(Math.max(...details.map((detail) => detail.epoch)), nowMs)
  const plan = finished(topic, 'REMAPPING', state, epoch, totalQueues)
  return { ...plan, brokerToMapIn: [...mapIn].sort(), brokerToMapOut: [...mapOut].sort() }
}

/** How many queues each broker is to lead: those that lead more now get one more where they do not come out even. */
function sharesOf(targets: readonly string[], queues: ReadonlyMap<number, LogicQueue>): Map<string, number> {
  const led = new Map<string, number>()
  for (const items of queues.values()) addOne(led, leaderItem(items)!.bname!)
  const sorted = targets.toSorted((one, other) => (led.get(other) ?? 0) - (led.get(one) ?? 0) || (one < other ? -1 : 1))
  const each = Math.floor(queues.size / sorted.length)
  const rest = queues.size % sorted.length
  return new Map(sorted.map((broker, index) => [broker, each + (index < rest ? 1 : 0)]))
}

/** Brokers of the clusters that do not have the topic yet get it without queues, so that all know it. */
export function withOtherBrokers(plan: TopicRemapping, brokers: Iterable<string>): TopicRemapping {
  const brokerConfigMap = new Map(plan.brokerConfigMap)
  const totalQueues = Math.max(...[...brokerConfigMap.values()].map(({ mappingDetail }) => mappingDetail!.totalQueues))
  for (const broker of brokers) {
    if (brokerConfigMap.has(broker)) continue
    brokerConfigMap.set(broker, emptyPart(plan.topic, broker, plan.epoch, totalQueues))
  }
  return { ...plan, brokerConfigMap }
}

/**
 * Where a logical queue goes on after its last but one item.
 * @param maxOffset of that item's own queue
 */
export function movedLogicOffset(item: LogicQueueMappingItem, maxOffset: number): number {
  const end = toLogicalOffset(item, maxOffset)
  const rounded = Math.floor(end / offsetStep) * offsetStep
  // What is still on its way needs room.
  return rounded + (end - rounded < offsetStep / 2 ? 1 : 2) * offsetStep
}

/** The item that a logical queue moves away from, when it is not decided yet where it goes on. */
export function itemLeft(items: LogicQueue): LogicQueueMappingItem | undefined {
  const last = leaderItem(items)
  return last !== undefined && !isDecided(last) ? decidedItems(items).at(-1) : undefined
}

function copyOf(state: StaticTopicState): Map<string, TopicConfigAndQueueMapping> {
  return new Map(
    [...state].map(([broker, config]) => {
      const detail = config.mappingDetail!
      return [broker, { ...config, mappingDetail: { ...detail, hostedQueues: new Map(detail.hostedQueues) } }]
    }),
  )
}

/** Gives the topic one more queue, which a broker leads. */
function addLedQueue(
  topic: string,
  id: number,
  broker: string,
  counts: Map<string, number>,
  state: Map<string, TopicConfigAndQueueMapping>,
): void {
  addOne(counts, broker)
  const queueId = addQueue(topic, broker, state)
  state.get(broker)!.mappingDetail!.hostedQueues.set(id, [newItem(0, broker, queueId, 0)])
}

/** Gives the topic one more queue on a broker. @returns its id */
function addQueue(topic: string, broker: string, state: Map<string, TopicConfigAndQueueMapping>): number {
  const config = state.get(broker) ?? emptyPart(topic, broker, 0, 0)
  const queueId = config.writeQueueNums
  state.set(broker, {
    ...config,
    writeQueueNums: queueId + 1,
    readQueueNums: Math.max(config.readQueueNums, queueId) + 1,
  })
  return queueId
}

function emptyPart(topic: string, bname: string, epoch: number, totalQueues: number): TopicConfigAndQueueMapping {
  const mappingDetail = {
    topic,
    scope: globalScope,
    totalQueues,
    bname,
    epoch,
    dirty: false,
    currIdMap: new Map(),
    hostedQueues: new Map(),
  }
  return { ...newTopicConfig(topic, { readQueueNums: 0, writeQueueNums: 0 }), mappingDetail }
}

function newItem(gen: number, bname: string, queueId: number, logicOffset: number): LogicQueueMappingItem {
  return { gen, queueId, bname, logicOffset, startOffset: 0, endOffset: -1, timeOfStart: -1, timeOfEnd: -1 }
}

function finished(
  topic: string,
  type: string,
  state: Map<string, TopicConfigAndQueueMapping>,
  epoch: number,
  totalQueues: number,
): TopicRemapping {
  for (const config of state.values()) Object.assign(config.mappingDetail!, { epoch, totalQueues })
  checkedStaticTopic(topic, state)
  return { topic, type, epoch, brokerConfigMap: state, brokerToMapIn: [], brokerToMapOut: [] }
}

/** It is even: the odd number before it is the epoch by which brokers are kept from other changes. */
function nextEpoch(epoch: number, nowMs: number): number {
  const next = Math.max(epoch + epochStep, nowMs)
  return next - (next % 2)
}

/** A queue that all brokers know of has a leader: where none says so, that one takes no requests now. */
export function refuseWithoutLeaders(topic: string, state: StaticTopicState): void {
  const queues = newestQueues(topic, state)
  const agreed = Math.min(...[...state.values()].map(({ mappingDetail }) => mappingDetail!.totalQueues))
  for (let id = 0; id < agreed; id++) {
    if (!queues.has(id)) refuse(topic, `the broker that leads its queue ${id} takes no requests now: start it first`)
  }
}

/** Messages of one of the leaders would not be read any more: nobody can choose but who knows what they are. */
export function refuseRivals(topic: string, state: StaticTopicState): void {
  const [first] = rivalsOf(topic, state)
  if (first === undefined) return
  const [id, rivals] = first
  const leader = leaderItem(newestQueues(topic, state).get(id)!)!.bname
  const advice =
    'stop those who send to it, have the messages read from each of these brokers, and then tell both the mapping that is to ' +
    'be (rocketmq mqadmin remappingStaticTopic -mf FILE -fr true)'
  refuse(
    topic,
    `${[leader, ...rivals].join(' and ')} lead its queue ${id}, by two moves that were made together: ${advice}`,
  )
}

/** Of all logical queues, although some broker says that there are fewer. */
function countOf(details: readonly TopicQueueMappingDetail[], queues: ReadonlyMap<number, LogicQueue>): number {
  return Math.max(...details.map(({ totalQueues }) => totalQueues), ...[...queues.keys()].map((id) => id + 1))
}

/**
 * Whether brokers have what they had before, but for the epoch and brokers that had nothing.
 * @param before what a plan was made of
 */
export function isUnchanged(before: StaticTopicState, now: StaticTopicState): boolean {
  const shown = (state: StaticTopicState, broker: string): string =>
    JSON.stringify([...(state.get(broker)?.mappingDetail?.hostedQueues ?? [])].sort(([one], [other]) => one - other))
  return [...new Set([...before.keys(), ...now.keys()])].every((broker) => shown(before, broker) === shown(now, broker))
}

function addOne(counts: Map<string, number>, broker: string): void {
  counts.set(broker, (counts.get(broker) ?? 0) + 1)
}

function leastOf(counts: ReadonlyMap<string, number>): string {
  const [least] = [...counts].toSorted(([one, ones], [other, others]) => ones - others || (one < other ? -1 : 1))[0]!
  return least
}

function refuse(topic: string, reason: string): never {
  throw new RocketMQError('INVALID_PARAMETER', `the static topic ${topic} cannot be changed: ${reason}`, { topic })
}
