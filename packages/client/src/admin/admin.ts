import type { CallOptions } from '../calls/deadline.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { checkLiteTopics } from '../lite/lite-subscriptions.ts'
import { checkedTopic } from '../messages/outgoing-message.ts'
import type { ReceivedMessage } from '../messages/received-message.ts'
import type { QueueRef } from '../routing/topic-route.ts'
import * as fields from './call-options.ts'
import { ClusterCalls } from './cluster-calls.ts'
import type {
  BrokerDescription,
  ConnectedClient,
  ConnectedProducer,
  GroupConfiguration,
  GroupDescription,
  GroupProgress,
  GroupSettings,
  LiteBrokerDescription,
  LiteClientDescription,
  LiteParentDescription,
  LiteProgress,
  LiteTopicDescription,
  MemberStatus,
  NameServerView,
  OffsetChange,
  OffsetTarget,
  QueueProgress,
  RequestModeSetting,
  RequestModeSettings,
  StaticTopicChange,
  StaticTopicDescription,
  StaticTopicMove,
  StaticTopicSettings,
  TopicChanges,
  TopicConfiguration,
  TopicDescription,
  TopicSettings,
} from './descriptions.ts'
import * as groups from './groups.ts'
import * as lite from './lite.ts'
import { type KeyQuery, messageAt, messagesByKey, messagesByUniqueId } from './messages.ts'
import * as progress from './progress.ts'
import { commitIn, offsetIn } from './queue-offsets.ts'
import { redeliver } from './redelivery.ts'
import { requestModes, setRequestMode } from './request-modes.ts'
import * as servers from './servers.ts'
import * as staticTopics from './static-topics.ts'
import * as topics from './topics.ts'
import { defaultTraceTopic, type TraceEvent, tracesIn } from './traces.ts'

export type AdminOptions = ClientOptions

const optionFields = knownFields<AdminOptions>(clientFields)

/**
 * Looks after a cluster: topics, groups, offsets, clients, brokers, messages.
 *
 *     await using admin = new Admin({ nameServers: 'localhost:9876' })
 *     await admin.createTopic('orders', { queues: 8 })
 */
export class Admin implements AsyncDisposable {
  readonly #client: ClusterClient
  readonly #calls: ClusterCalls

  /** @throws RocketMQError INVALID_ARGUMENT */
  constructor(options: AdminOptions) {
    refuseUnknownFields('an admin', options, optionFields)
    this.#client = new ClusterClient(options, { name: 'admin' })
    this.#calls = new ClusterCalls(this.#client)
  }

  /** The brokers that name servers know, by name. @throws RocketMQError */
  async brokers(options: CallOptions = {}): Promise<BrokerDescription[]> {
    return this.#calls.brokers(this.#client.deadline(options))
  }

  /** What each name server knows of brokers, with those that do not answer. @throws RocketMQError by the signal */
  async nameServers(options: CallOptions = {}): Promise<NameServerView[]> {
    return servers.nameServerViews(this.#calls, this.#client.deadline(options))
  }

  /** The settings of all name servers, by address. @throws RocketMQError when one does not answer */
  async nameServerConfigurations(options: CallOptions = {}): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    return servers.nameServerConfigurations(this.#calls, this.#client.deadline(options))
  }

  /** Changes settings of all name servers while they run. @throws RocketMQError when one refuses; others may have them */
  async changeNameServers(values: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<void> {
    return servers.changeNameServerConfiguration(this.#calls, values, this.#client.deadline(options))
  }

  /** The settings of a broker. @throws RocketMQError */
  async brokerConfiguration(broker: string, options: CallOptions = {}): Promise<ReadonlyMap<string, string>> {
    return servers.brokerConfiguration(this.#calls, broker, this.#client.deadline(options))
  }

  /** Changes settings of a broker while it runs, all or none. @throws RocketMQError with its reason */
  async changeBroker(
    broker: string,
    values: Readonly<Record<string, string>>,
    options: CallOptions = {},
  ): Promise<void> {
    return servers.changeBrokerConfiguration(this.#calls, broker, values, this.#client.deadline(options))
  }

  /**
   * Lets producers go elsewhere, or come back: all name servers take the right to write away from a broker, or give it
   * back. @returns how many topics that changed, by name server
   */
  async setBrokerWritable(
    broker: string,
    isWritable: boolean,
    options: CallOptions = {},
  ): Promise<ReadonlyMap<string, number>> {
    return servers.setWritable(this.#calls, broker, isWritable, this.#client.deadline(options))
  }

  /** What a broker tells of itself: numbers and texts by RocketMQ's names. @throws RocketMQError */
  async brokerStatus(broker: string, options: CallOptions = {}): Promise<ReadonlyMap<string, string>> {
    return servers.brokerStatus(this.#calls, broker, this.#client.deadline(options))
  }

  /** Names of all topics, those of RocketMQ itself too, in their order. @throws RocketMQError */
  async topics(options: CallOptions = {}): Promise<string[]> {
    return topics.topicNames(this.#calls, this.#client.deadline(options))
  }

  /** @throws RocketMQError TOPIC_NOT_EXIST among others */
  async describeTopic(topic: string, options: CallOptions = {}): Promise<TopicDescription> {
    return topics.describeTopic(this.#calls, this.#topic(topic), this.#client.deadline(options))
  }

  /**
   * Makes a topic, or changes it. Resolves when name servers have it on all of its brokers.
   * @throws RocketMQError; brokers that were asked before one that failed have it
   */
  async createTopic(topic: string, settings: TopicSettings = {}, options: CallOptions = {}): Promise<void> {
    return topics.createTopic(this.#calls, this.#topic(topic), settings, this.#client.deadline(options))
  }

  /** What a topic is set to on each of its brokers. @throws RocketMQError TOPIC_NOT_EXIST among others */
  async topicConfigurations(topic: string, options: CallOptions = {}): Promise<TopicConfiguration[]> {
    return topics.topicConfigurations(this.#calls, this.#topic(topic), this.#client.deadline(options))
  }

  /** Changes what is given of a topic, and nothing else. @returns what it is set to then @throws RocketMQError */
  async changeTopic(topic: string, changes: TopicChanges, options: CallOptions = {}): Promise<TopicConfiguration[]> {
    return topics.changeTopic(this.#calls, this.#topic(topic), changes, this.#client.deadline(options))
  }

  /** Deletes a topic with its messages, on all brokers. @throws RocketMQError */
  async deleteTopic(topic: string, options: CallOptions = {}): Promise<void> {
    return topics.deleteTopic(this.#calls, this.#topic(topic), this.#client.deadline(options))
  }

  /** Names of all static topics, in their order. @throws RocketMQError */
  async staticTopics(options: CallOptions = {}): Promise<string[]> {
    return staticTopics.staticTopicNames(this.#calls, this.#client.deadline(options))
  }

  /**
   * Makes a static topic: one with a fixed number of queues, each of which one broker leads. One that is there gets more queues.
   * @param options.dryRun only says what would change
   * @throws RocketMQError INVALID_PARAMETER when it is an ordinary topic, has as many queues or more already, or its last change
   *   is not done. After another error brokers may have a part of the change: `completeStaticTopic` does the rest
   */
  async createStaticTopic(
    topic: string,
    settings: StaticTopicSettings,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<StaticTopicChange> {
    const deadline = this.#client.deadline(options, fields.dryRun)
    return staticTopics.createStaticTopic(this.#calls, this.#topic(topic), settings, options.dryRun === true, deadline)
  }

  /**
   * Which broker leads each queue of a static topic, and where its messages are.
   * @throws RocketMQError TOPIC_NOT_EXIST, INVALID_PARAMETER for an ordinary topic
   */
  async describeStaticTopic(topic: string, options: CallOptions = {}): Promise<StaticTopicDescription> {
    return staticTopics.describeStaticTopic(this.#calls, this.#topic(topic), this.#client.deadline(options))
  }

  /**
   * Lets other brokers lead the queues of a static topic, while clients send and consume. Queues stay where they are when they
   * can; messages stay in any case.
   * @param options.dryRun only says what would change
   * @throws RocketMQError TOPIC_NOT_EXIST, INVALID_PARAMETER when it is an ordinary topic or its last change is not done. After
   *   another error a part of the queues may have moved, or be on their way: `completeStaticTopic` does the rest
   */
  async moveStaticTopic(
    topic: string,
    move: StaticTopicMove,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<StaticTopicChange> {
    const deadline = this.#client.deadline(options, fields.dryRun)
    return staticTopics.moveStaticTopic(this.#calls, this.#topic(topic), move, options.dryRun === true, deadline)
  }

  /**
   * Does what is left of a change of a static topic that was interrupted; nothing when none was.
   * @param options.dryRun only says what would change
   * @throws RocketMQError TOPIC_NOT_EXIST, INVALID_PARAMETER when it is an ordinary topic, or contradicts itself
   */
  async completeStaticTopic(
    topic: string,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<StaticTopicChange> {
    const deadline = this.#client.deadline(options, fields.dryRun)
    return staticTopics.completeStaticTopic(this.#calls, this.#topic(topic), options.dryRun === true, deadline)
  }

  /** Names of all groups that brokers have settings of, in their order. @throws RocketMQError */
  async groups(options: CallOptions = {}): Promise<string[]> {
    return groups.groupNames(this.#calls, this.#client.deadline(options))
  }

  /** Members of a group and what they subscribe to. @throws RocketMQError */
  async describeGroup(group: string, options: CallOptions = {}): Promise<GroupDescription> {
    return groups.describeGroup(this.#calls, this.#group(group), this.#client.deadline(options))
  }

  /** Makes a group, or changes it. @throws RocketMQError; brokers that were asked before one that failed have it */
  async createGroup(group: string, settings: GroupSettings = {}, options: CallOptions = {}): Promise<void> {
    return groups.createGroup(this.#calls, this.#group(group), settings, this.#client.deadline(options))
  }

  /** What a group is set to on each of its brokers. @throws RocketMQError SUBSCRIPTION_GROUP_NOT_EXIST among others */
  async groupConfigurations(group: string, options: CallOptions = {}): Promise<GroupConfiguration[]> {
    return groups.groupConfigurations(this.#calls, this.#group(group), this.#client.deadline(options))
  }

  /** Changes what is given of a group, and nothing else. @returns what it is set to then @throws RocketMQError */
  async changeGroup(group: string, changes: GroupSettings, options: CallOptions = {}): Promise<GroupConfiguration[]> {
    return groups.changeGroup(this.#calls, this.#group(group), changes, this.#client.deadline(options))
  }

  /** What a member of a group tells of itself. @throws RocketMQError CONSUMER_NOT_ONLINE among others */
  async memberStatus(
    group: string,
    clientId: string,
    options: CallOptions & { readonly withStacks?: boolean | undefined } = {},
  ): Promise<MemberStatus> {
    const deadline = this.#client.deadline(options, fields.status)
    return groups.memberStatus(this.#calls, this.#group(group), clientId, options.withStacks === true, deadline)
  }

  /** Deletes a group with its offsets, on all brokers. @throws RocketMQError */
  async deleteGroup(group: string, options: CallOptions = {}): Promise<void> {
    return groups.deleteGroup(this.#calls, this.#group(group), this.#client.deadline(options))
  }

  /**
   * Whether groups pull or pop their topics, where that was set; elsewhere the broker's `defaultMessageRequestMode` counts.
   * @returns one for each group, topic and broker
   * @throws RocketMQError
   */
  async requestModes(options: CallOptions = {}): Promise<RequestModeSetting[]> {
    return requestModes(this.#calls, this.#client.deadline(options))
  }

  /**
   * Sets whether a group pulls or pops a topic. Push consumers that run change over within 20 s: those of this package, and
   * Java's with `clientRebalance` off. What waits for another delivery by POP when a group goes back to pulling comes once it
   * pops again.
   * @returns what is set then
   * @throws RocketMQError TOPIC_NOT_EXIST, SUBSCRIPTION_GROUP_NOT_EXIST among others
   */
  async setRequestMode(
    group: string,
    topic: string,
    settings: RequestModeSettings,
    options: CallOptions = {},
  ): Promise<RequestModeSetting[]> {
    const deadline = this.#client.deadline(options)
    return setRequestMode(this.#calls, this.#group(group), this.#topic(topic), settings, deadline)
  }

  /** What each broker has of lite topics. @throws RocketMQError */
  async liteBrokers(options: CallOptions = {}): Promise<LiteBrokerDescription[]> {
    return lite.liteBrokers(this.#calls, this.#client.deadline(options))
  }

  /** A topic that has lite topics, on each broker. @throws RocketMQError TOPIC_NOT_EXIST, or INVALID_PARAMETER when it has none */
  async describeLiteParent(topic: string, options: CallOptions = {}): Promise<LiteParentDescription[]> {
    return lite.describeLiteParent(this.#calls, this.#topic(topic), this.#client.deadline(options))
  }

  /** A lite topic on each broker of its topic, with who subscribes to it. @throws RocketMQError TOPIC_NOT_EXIST among others */
  async describeLiteTopic(
    topic: string,
    liteTopic: string,
    options: CallOptions = {},
  ): Promise<LiteTopicDescription[]> {
    checkLiteTopics([liteTopic])
    return lite.describeLiteTopic(this.#calls, this.#topic(topic), liteTopic, this.#client.deadline(options))
  }

  /**
   * What a member of a group subscribes to of a topic's lite topics, as each broker knows it.
   * @param options.max lite topics that are named at the most. Default 1000, at most 10,000
   * @throws RocketMQError TOPIC_NOT_EXIST, SUBSCRIPTION_GROUP_NOT_EXIST among others
   */
  async describeLiteClient(
    topic: string,
    group: string,
    clientId: string,
    options: CallOptions & { readonly max?: number | undefined } = {},
  ): Promise<LiteClientDescription[]> {
    const deadline = this.#client.deadline(options, fields.liteClient)
    const { max = 1000 } = options
    lite.checkCount('max', max)
    return lite.describeLiteClient(this.#calls, this.#topic(topic), this.#group(group), clientId, max, deadline)
  }

  /**
   * How far a group is behind in the lite topics that it consumes, on each broker.
   * @param options.liteTopic this one alone
   * @param options.top as many of those in which it is most behind are named. Default 10, at most 1000
   * @throws RocketMQError SUBSCRIPTION_GROUP_NOT_EXIST, or INVALID_PARAMETER when it consumes no lite topics
   */
  async liteProgress(
    group: string,
    options: CallOptions & { readonly liteTopic?: string | undefined; readonly top?: number | undefined } = {},
  ): Promise<LiteProgress[]> {
    const deadline = this.#client.deadline(options, fields.liteProgress)
    const { liteTopic, top = 10 } = options
    if (liteTopic !== undefined) checkLiteTopics([liteTopic])
    lite.checkCount('top', top)
    return lite.liteProgress(this.#calls, this.#group(group), { liteTopic, top }, deadline)
  }

  /**
   * Lets brokers tell the members of a group at once of all that there is for them in lite topics, or one of them.
   * @returns the brokers that did it
   * @throws RocketMQError SUBSCRIPTION_GROUP_NOT_EXIST, or INVALID_PARAMETER when it consumes no lite topics
   */
  async triggerLiteDispatch(
    group: string,
    options: CallOptions & { readonly clientId?: string | undefined } = {},
  ): Promise<string[]> {
    const deadline = this.#client.deadline(options, fields.trigger)
    return lite.triggerLiteDispatch(this.#calls, this.#group(group), options.clientId, deadline)
  }

  /** Producers of a group that are connected. @throws RocketMQError */
  async producers(group: string, options: CallOptions = {}): Promise<ConnectedClient[]> {
    return groups.producersOf(this.#calls, this.#group(group), this.#client.deadline(options))
  }

  /** All producers that are connected, one for each broker that knows it. @throws RocketMQError */
  async allProducers(options: CallOptions = {}): Promise<ConnectedProducer[]> {
    return groups.allProducers(this.#calls, this.#client.deadline(options))
  }

  /** How far all groups are that have offsets. @throws RocketMQError */
  async progressOfAll(options: CallOptions = {}): Promise<GroupProgress[]> {
    return progress.progressOfAll(this.#calls, this.#client.deadline(options))
  }

  /**
   * How far a group is in its queues.
   * @param topic all in which the group has offsets without it
   * @throws RocketMQError
   */
  async progress(group: string, topic?: string, options: CallOptions = {}): Promise<QueueProgress[]> {
    const wrapped = topic === undefined ? undefined : this.#topic(topic)
    return progress.progressOf(this.#calls, this.#group(group), wrapped, this.#client.deadline(options))
  }

  /**
   * Lets a group go on elsewhere in a topic. Members that are connected learn of it.
   * @param dryRun only says what would change
   * @throws RocketMQError
   */
  async resetOffsets(
    group: string,
    topic: string,
    to: OffsetTarget,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<OffsetChange[]> {
    const deadline = this.#client.deadline(options, fields.dryRun)
    return progress.resetOffsets(
      this.#calls,
      this.#group(group),
      this.#topic(topic),
      to,
      options.dryRun === true,
      deadline,
    )
  }

  /**
   * Lets a group go on in a topic where another group is. Queues in which that one never was stay as they are.
   * @throws RocketMQError QUERY_NOT_FOUND when it was in none
   */
  async copyOffsets(
    from: string,
    to: string,
    topic: string,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<OffsetChange[]> {
    const deadline = this.#client.deadline(options, fields.dryRun)
    const dryRun = options.dryRun === true
    return progress.copyOffsets(this.#calls, this.#group(from), this.#group(to), this.#topic(topic), dryRun, deadline)
  }

  /** The message at the place that an `offsetMessageId` names; undefined when it is not there. @throws RocketMQError */
  async messageAt(offsetMessageId: string, options: CallOptions = {}): Promise<ReceivedMessage | undefined> {
    return messageAt(this.#calls, offsetMessageId, this.#client.deadline(options))
  }

  /** Messages that their producer gave an id, one for each time that it was stored. @throws RocketMQError */
  async messagesById(topic: string, messageId: string, options: CallOptions = {}): Promise<ReceivedMessage[]> {
    return messagesByUniqueId(this.#calls, this.#topic(topic), messageId, this.#client.deadline(options))
  }

  /** Messages with a key, the oldest first. @throws RocketMQError */
  async messagesByKey(topic: string, key: string, query: KeyQuery & CallOptions = {}): Promise<ReceivedMessage[]> {
    return messagesByKey(this.#calls, this.#topic(topic), key, query, this.#client.deadline(query, fields.query))
  }

  /** How far a group is in one queue; undefined when it was never there. @throws RocketMQError */
  async committedOffset(group: string, queue: QueueRef, options: CallOptions = {}): Promise<number | undefined> {
    return offsetIn(this.#client, this.#group(group), this.#queue(queue), this.#client.deadline(options))
  }

  /** Commits for a group that has no members. @throws RocketMQError */
  async commitOffset(group: string, queue: QueueRef, offset: number, options: CallOptions = {}): Promise<void> {
    return commitIn(this.#client, this.#group(group), this.#queue(queue), offset, this.#client.deadline(options))
  }

  /**
   * Gives a message to a group once more, for example one of its dead letters. No other group gets it. The group counts its
   * deliveries anew.
   * @throws RocketMQError TOPIC_NOT_EXIST when the group has no retry topic; INVALID_ARGUMENT for a message of a lite topic, which
   * can only be sent again
   */
  async redeliver(group: string, message: ReceivedMessage, options: CallOptions = {}): Promise<void> {
    return redeliver(this.#calls, this.#group(group), message, this.#client.deadline(options))
  }

  /**
   * What clients noted of a message, where they write traces: the oldest first.
   * @param options.traceTopic the topic of traces, where it is not RocketMQ's
   * @throws RocketMQError
   */
  async traces(
    messageId: string,
    options: KeyQuery & CallOptions & { readonly traceTopic?: string | undefined } = {},
  ): Promise<TraceEvent[]> {
    const { traceTopic = defaultTraceTopic, ...query } = options
    return tracesIn(await this.messagesByKey(traceTopic, messageId, query), messageId)
  }

  /** Later calls fail with CLOSED. */
  async close(): Promise<void> {
    this.#client.stopTaking()
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #queue(queue: QueueRef): QueueRef {
    return { ...queue, topic: this.#topic(queue.topic) }
  }

  #topic(topic: string): string {
    return checkedTopic(topic, this.#client.namespace)
  }

  #group(group: string): string {
    return this.#client.namespace.wrap(checkedGroup(group))
  }
}
