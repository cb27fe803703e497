import type { Clock } from '@rocketmq-ts/platform'
import {
  type commands,
  ProtocolError,
  permission,
  type RequestOf,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rocketmq-ts/protocol'
import { answeredLater, type Call, type Handler, type Reply } from '@rocketmq-ts/remoting'
import type { MessageStore, ReadRequest, ReadResult } from '@rocketmq-ts/storage'
import { checkNotOwnProgress } from '../../groups/index.ts'
import type { QueueRange } from '../../offsets/queue-offsets.ts'
import type { ColdReadLimits } from '../cold-read-limits.ts'
import type { HeldPull, LongPolling, PullLane } from '../long-polling.ts'
import { type MessageFilter, type MessageFilterParts, messageFilter } from '../message-filter.ts'
import type { PacedReads, ReadingConnection } from '../paced-reads.ts'
import { type GroupSubscriptions, pullSubscription } from '../pull-subscription.ts'
import { pullCode, pullRemark } from '../read-outcome.ts'

type PullCommand = typeof commands.pullMessage
type PullRequest = RequestOf<PullCommand>

export interface PullSettings {
  longPollingEnable: boolean
  shortPollingTimeMills: number
  litePullMessageEnable: boolean
  maxTransferCountOnMessageInMemory: number
  maxTransferBytesOnMessageInMemory: number
  maxFilterMessageSize: number
  filterSupportRetry: boolean
}

export interface PullParts extends MessageFilterParts {
  lane: PullLane
  clock: Clock
  store: QueueRange & Pick<MessageStore, 'read' | 'readAtOnce'>
  topics: { get(topic: string): TopicConfig | undefined }
  groups: {
    find(group: string): SubscriptionGroupConfig | undefined
    isReadForbidden(group: string, topic: string): boolean
  }
  consumers: { subscriptionsOf(group: string): GroupSubscriptions | undefined }
  offsets: {
    checkRoom(group: string, topic: string): void
    commit(group: string, topic: string, queueId: number, offset: number): void
    /** The offset that an administrator set and the group has not taken up yet; it is handed out once. */
    takeReset(group: string, topic: string, queueId: number): number | undefined
    pulled(group: string, topic: string, queueId: number, offset: number): void
  }
  longPolling: LongPolling
  pacedReads: PacedReads
  /** Another number after each change of topics, groups or settings: who may read what may have changed. */
  accessVersion(): number
  coldReadLimits: Pick<ColdReadLimits, 'isLimited' | 'whenCountedAnew' | 'note'>
  brokerPermission(): number
  settings(): PullSettings
  /** @param elapsedMs how long reading took */
  onFound(group: string, topic: string, queueId: number, result: ReadResult, elapsedMs: number): void
  onMissed(): void
}

const commitOffsetFlag = 1
const suspendFlag = 2
const litePullFlag = 16

const unitBytes = 20
/** Longer waits would be cut by the idle limit of connections. */
const suspendMsMax = 110_000

/** PULL_MESSAGE and LITE_PULL_MESSAGE. */
export function pullMessage(parts: PullParts): Handler<PullCommand> {
  return (header, call) => {
    checkFlags(header)
    const group = checkedGroup(header, parts)
    const topic = checkedTopic(header, parts)
    checkQueue(header, topic, call.connection)
    checkPlaces(header, call.connection, parts)
    const subscription = pullSubscription(header, group, parts.consumers.subscriptionsOf(header.consumerGroup))
    const pull = new Pull(header, call, messageFilter(subscription, header, parts), group, topic.topicSysFlag, parts)
    pull.start()
    return answeredLater
  }
}

/** Of `PullParts`, what tells whether a pull may be served at all. */
type PullChecks = Pick<PullParts, 'brokerPermission' | 'settings' | 'groups' | 'topics' | 'pacedReads' | 'offsets'>

/**
 * All that has to be so for a pull but for its queue, which another broker may have.
 * @throws ProtocolError that says what is not so
 */
export function checkPull(header: PullRequest, connection: ReadingConnection, parts: PullChecks): void {
  checkFlags(header)
  checkedGroup(header, parts)
  checkedTopic(header, parts)
  checkPlaces(header, connection, parts)
}

/** @throws ProtocolError when a field is missing that is needed for what sysFlag asks for */
function checkFlags({ sysFlag, commitOffset, suspendTimeoutMillis }: PullRequest): void {
  if ((sysFlag & commitOffsetFlag) !== 0 && commitOffset === undefined) refuseMissing('commitOffset')
  if ((sysFlag & suspendFlag) !== 0 && suspendTimeoutMillis === undefined) refuseMissing('suspendTimeoutMillis')
}

function refuseMissing(field: string): never {
  throw new ProtocolError('INVALID_PARAMETER', `the header field ${field} is missing: sysFlag asks for it`)
}

function checkedGroup(header: PullRequest, parts: PullChecks): SubscriptionGroupConfig {
  const { consumerGroup } = header
  if ((parts.brokerPermission() & permission.read) === 0) {
    throw new ProtocolError(
      'NO_PERMISSION',
      'the broker pulling message is forbidden: its brokerPermission has no read bit',
    )
  }
  if ((header.sysFlag & litePullFlag) !== 0 && !parts.settings().litePullMessageEnable) {
    throw new ProtocolError('NO_PERMISSION', 'the broker for lite pull message is forbidden (litePullMessageEnable)')
  }
  const group = parts.groups.find(consumerGroup)
  if (group === undefined) {
    const remark = `subscription group [${consumerGroup}] does not exist: create it, or set autoCreateSubscriptionGroup`
    throw new ProtocolError('SUBSCRIPTION_GROUP_NOT_EXIST', remark)
  }
  if (!group.consumeEnable) {
    throw new ProtocolError('NO_PERMISSION', `subscription group no permission, ${consumerGroup}: consumeEnable is off`)
  }
  return group
}

function checkedTopic(header: PullRequest, parts: PullChecks): TopicConfig {
  const { topic, consumerGroup } = header
  const config = parts.topics.get(topic)
  if (config === undefined) throw new ProtocolError('TOPIC_NOT_EXIST', `topic[${topic}] not exist, apply first please!`)
  if ((config.perm & permission.read) === 0) {
    throw new ProtocolError(
      'NO_PERMISSION',
      `the topic[${topic}] pulling message is forbidden: its perm has no read bit`,
    )
  }
  if (parts.groups.isReadForbidden(consumerGroup, topic)) {
    throw new ProtocolError('NO_PERMISSION', `the consumer group[${consumerGroup}] is forbidden for topic[${topic}]`)
  }
  return config
}

function checkQueue(
  { topic, queueId }: PullRequest,
  { readQueueNums }: TopicConfig,
  { remoteAddress }: { remoteAddress: string },
): void {
  if (queueId >= 0 && queueId < readQueueNums) return
  const remark = `queueId[${queueId}] is illegal, topic:[${topic}] topicConfig.readQueueNums:[${readQueueNums}] consumer:[/${remoteAddress}]`
  throw new ProtocolError('INVALID_PARAMETER', remark)
}

/** @throws ProtocolError when the connection waits for too much already, or there is no room for the group's offset */
function checkPlaces(
  { sysFlag, consumerGroup, topic }: PullRequest,
  connection: ReadingConnection,
  { pacedReads, offsets }: PullChecks,
): void {
  pacedReads.check(connection)
  if ((sysFlag & commitOffsetFlag) === 0) return
  checkNotOwnProgress(consumerGroup)
  offsets.checkRoom(consumerGroup, topic)
}

/** One pull, from the first read to its answer; while there is nothing it is what waits. */
class Pull implements HeldPull {
  readonly connectionId: number
  readonly lane: PullLane
  readonly #header: PullRequest
  readonly #call: Call<PullCommand>
  readonly #filter: MessageFilter
  readonly #group: SubscriptionGroupConfig
  readonly #topicSysFlag: number
  readonly #parts: PullParts
  #offset: number
  /** Milliseconds that the last read took; nothing for one of memory. */
  #readMs = 0
  /** What was read last, since it waits. */
  #last: ReadResult | undefined
  /** What was so when it was last checked whether it may be served; undefined for one that does not wait. */
  #accessVersion: number | undefined
  /** Whether it has been told that there is nothing, though a read may still be under way. */
  #isGivenUp = false

  constructor(
    header: PullRequest,
    call: Call<PullCommand>,
    filter: MessageFilter,
    group: SubscriptionGroupConfig,
    topicSysFlag: number,
    parts: PullParts,
  ) {
    this.#header = header
    this.#call = call
    this.#filter = filter
    this.#group = group
    this.#topicSysFlag = topicSysFlag
    this.#parts = parts
    this.#offset = header.queueOffset
    this.connectionId = call.connection.id
    this.lane = parts.lane
  }

  get topic(): string {
    return this.#header.topic
  }

  get queueId(): number {
    return this.#header.queueId
  }

  start(): void {
    const { consumerGroup, topic, queueId, sysFlag, commitOffset } = this.#header
    const { offsets, store } = this.#parts
    const reset = offsets.takeReset(consumerGroup, topic, queueId)
    if (reset !== undefined) {
      const header = this.#answerHeader(reset, store.minOffset(topic, queueId), store.maxOffset(topic, queueId))
      this.#answer({ code: 'PULL_OFFSET_MOVED', remark: 'OFFSET_RESET', header })
      return
    }
    // No progress is below 0. The messages are worth having without it.
    if ((sysFlag & commitOffsetFlag) !== 0 && commitOffset! >= 0)
      offsets.commit(consumerGroup, topic, queueId, commitOffset!)
    const request = this.#request()
    const result = store.readAtOnce(request)
    if (result !== undefined && this.#call.connection.takesAnswer(result.byteCount)) {
      this.#answerOrHold(result)
      return
    }
    const isCold = result === undefined
    this.#accessVersion = this.#parts.accessVersion()
    if (isCold && this.#parts.coldReadLimits.isLimited(consumerGroup)) this.#waitForColdRead(request)
    else this.#readFirst(request, isCold)
  }

  /** One message each for those who waited keeps the group within its limit. */
  #waitForColdRead(request: ReadRequest): void {
    const one = { ...request, countMax: 1 }
    if (this.#parts.coldReadLimits.whenCountedAnew(() => this.#readFirst(one, true))) return
    const remark =
      'This consumer group is reading cold data. It has been flow control: it read as much of old messages as it may ' +
      '(cgColdReadThreshold, globalColdReadThreshold)'
    this.#call.fail(new ProtocolError('SYSTEM_BUSY', remark))
  }

  #readFirst(request: ReadRequest, isCold: boolean): void {
    this.#readLater(request, isCold)
      .then((later) => {
        this.#checkAgain()
        this.#answerOrHold(later)
      })
      .catch((error) => this.#call.fail(error))
  }

  /** @param isCold what is read is not in memory any more */
  #readLater(request: ReadRequest, isCold: boolean): Promise<ReadResult> {
    const { pacedReads, store, clock, coldReadLimits } = this.#parts
    const startMs = clock.turnTime()
    return pacedReads.run(
      this.#call.connection,
      () => store.read(request),
      ({ byteCount }) => {
        this.#readMs = clock.turnTime() - startMs
        if (isCold) coldReadLimits.note(this.#header.consumerGroup, byteCount)
        return byteCount
      },
    )
  }

  #request(): ReadRequest {
    const { topic, queueId, maxMsgNums, maxMsgBytes } = this.#header
    const settings = this.#parts.settings()
    const bytesMax = settings.maxTransferBytesOnMessageInMemory
    return {
      topic,
      queueId,
      queueOffset: this.#offset,
      countMax: Math.max(1, Math.min(maxMsgNums, settings.maxTransferCountOnMessageInMemory)),
      scannedUnitsMax: Math.max(settings.maxFilterMessageSize / unitBytes, maxMsgNums),
      bytesMax: maxMsgBytes === undefined || maxMsgBytes <= 0 ? bytesMax : Math.min(bytesMax, maxMsgBytes),
      matches: this.#filter.matches,
      recordFilter: this.#filter.recordFilter,
    }
  }

  #answerOrHold(result: ReadResult): void {
    const code = pullCode(result, this.#offset)
    if (code !== 'PULL_NOT_FOUND') {
      this.#answerResult(result)
      return
    }
    this.#parts.onMissed()
    const waitMs = this.#waitMs()
    if (waitMs <= 0 || this.#call.connection.isClosed) {
      this.#answerResult(result)
      return
    }
    this.#last = result
    this.#accessVersion ??= this.#parts.accessVersion()
    const { longPolling } = this.#parts
    if (!longPolling.hold(this, waitMs)) this.#call.fail(longPolling.refusal())
  }

  retry(): boolean | Promise<boolean> {
    if (this.#isGivenUp) return true
    try {
      this.#checkAgain()
      return this.#readAgain()
    } catch (error) {
      return this.#failed(error)
    }
  }

  /** @throws ProtocolError when it may not be served any more */
  #checkAgain(): void {
    const version = this.#parts.accessVersion()
    if (version === this.#accessVersion) return
    checkedGroup(this.#header, this.#parts)
    checkQueue(this.#header, checkedTopic(this.#header, this.#parts), this.#call.connection)
    this.#accessVersion = version
  }

  #readAgain(): boolean | Promise<boolean> {
    const { connection } = this.#call
    const request = this.#request()
    this.#readMs = 0
    const again = connection.takesAnswer(0) ? this.#parts.store.readAtOnce(request) : undefined
    if (again !== undefined && connection.takesAnswer(again.byteCount)) return this.#take(again)
    // Messages come to all that wait at once, which may be very many: some wait for their turn.
    if (!connection.takesAnswer(again?.byteCount ?? 0)) {
      return new Promise((resolve) => connection.whenTaking(() => resolve(this.retry())))
    }
    return this.#readLater(request, again === undefined)
      .then((later) => {
        if (!this.#isGivenUp) this.#checkAgain()
        return this.#take(later)
      })
      .catch((error) => this.#failed(error))
  }

  /** Others that wait must not go without their messages for it. */
  #failed(error: unknown): true {
    this.#call.fail(error)
    return true
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#answerResult(this.#last!)
  }

  /** @returns whether what was read is an answer */
  #take(result: ReadResult): boolean | Promise<boolean> {
    if (this.#isGivenUp) return true
    this.#last = result
    if (pullCode(result, this.#offset) === 'PULL_NOT_FOUND') return false
    if (result.status === 'NO_MATCHED_MESSAGE') {
      // Nothing for this subscription: it goes on waiting behind what was looked at.
      this.#offset = result.nextQueueOffset
      if (result.nextQueueOffset === result.maxOffset) return false
      // To look into records takes time: who has more to look at comes again, so that others have their turn.
      if (this.#filter.recordFilter === undefined) return this.retry()
    }
    this.#answerResult(result)
    return true
  }

  #waitMs(): number {
    const { sysFlag, suspendTimeoutMillis } = this.#header
    const settings = this.#parts.settings()
    if ((sysFlag & suspendFlag) === 0) return 0
    return settings.longPollingEnable ? Math.min(suspendTimeoutMillis!, suspendMsMax) : settings.shortPollingTimeMills
  }

  #answerResult(result: ReadResult): void {
    const { consumerGroup, topic, queueId } = this.#header
    const code = pullCode(result, this.#offset)
    const found = result.status === 'FOUND'
    if (found) {
      this.#parts.onFound(consumerGroup, topic, queueId, result, this.#readMs)
      this.#parts.offsets.pulled(consumerGroup, topic, queueId, result.nextQueueOffset)
    }
    this.#answer({
      code: this.#offset === this.#header.queueOffset ? code : this.#codeOfMoved(code),
      remark: pullRemark(result),
      header: this.#answerHeader(result.nextQueueOffset, result.minOffset, result.maxOffset),
      ...(found ? { body: result.parts } : {}),
    })
  }

  /** A wait that passed by messages of other tags must tell where to go on, which "not found" does not. */
  #codeOfMoved(code: ReturnType<typeof pullCode>): ReturnType<typeof pullCode> {
    return code === 'PULL_NOT_FOUND' ? 'PULL_RETRY_IMMEDIATELY' : code
  }

  #answerHeader(nextBeginOffset: number, minOffset: number, maxOffset: number): Reply<PullCommand>['header'] {
    return {
      suggestWhichBrokerId: 0,
      nextBeginOffset,
      minOffset,
      maxOffset,
      topicSysFlag: this.#topicSysFlag,
      groupSysFlag: this.#group.groupSysFlag,
    }
  }

  #answer(reply: Reply<PullCommand>): void {
    this.#call.answer(reply)
  }
}
