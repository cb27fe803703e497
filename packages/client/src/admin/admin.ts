import { commands, keyValueTableBody, topicListBody } from '@rocketmq-ts/protocol'
import type { CallOptions, Deadline } from '../calls/deadline.ts'
import { type ClientOptions, clientFields } from '../connection/client-options.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { knownFields, refuseUnknownFields } from '../known-fields.ts'
import { checkedTopic } from '../messages/outgoing-message.ts'
import type { ReceivedMessage } from '../messages/received-message.ts'
import { checkPosition, type StartPosition } from '../reading/queue-positions.ts'
import { ClusterCalls } from './cluster-calls.ts'
import type {
  BrokerDescription,
  ConnectedClient,
  GroupDescription,
  GroupSettings,
  OffsetChange,
  QueueProgress,
  TopicDescription,
  TopicSettings,
} from './descriptions.ts'
import { createGroup, deleteGroup, describeGroup, groupNames, producersOf } from './groups.ts'
import { type KeyQuery, messageAt, messagesByKey, messagesByUniqueId } from './messages.ts'
import { progressOf, resetOffsets } from './progress.ts'
import { createTopic, deleteTopic, describeTopic } from './topics.ts'

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
    return this.#calls.brokers(this.#deadline(options))
  }

  /** What a broker tells of itself: numbers and texts by RocketMQ's names. @throws RocketMQError */
  async brokerStatus(broker: string, options: CallOptions = {}): Promise<ReadonlyMap<string, string>> {
    const deadline = this.#deadline(options)
    const master = await this.#calls.master(broker, deadline)
    const { body } = await this.#calls.ask(master, commands.getBrokerRuntimeInfo, {}, deadline)
    return keyValueTableBody.decode(body).table
  }

  /** Names of all topics, those of RocketMQ itself too, in their order. @throws RocketMQError */
  async topics(options: CallOptions = {}): Promise<string[]> {
    const deadline = this.#deadline(options)
    const answer = await this.#client.nameServers.ask(commands.getAllTopicListFromNameserver, {}, deadline)
    const { topicList } = topicListBody.decode(answer.body ?? Buffer.alloc(0))
    return topicList.map((topic) => this.#client.namespace.unwrap(topic)).toSorted()
  }

  /** @throws RocketMQError TOPIC_NOT_EXIST among others */
  async describeTopic(topic: string, options: CallOptions = {}): Promise<TopicDescription> {
    return describeTopic(this.#calls, this.#topic(topic), this.#deadline(options))
  }

  /**
   * Makes a topic, or changes it. Resolves when name servers have it on all of its brokers.
   * @throws RocketMQError; brokers that were asked before one that failed have it
   */
  async createTopic(topic: string, settings: TopicSettings = {}, options: CallOptions = {}): Promise<void> {
    return createTopic(this.#calls, this.#topic(topic), settings, this.#deadline(options))
  }

  /** Deletes a topic with its messages, on all brokers. @throws RocketMQError */
  async deleteTopic(topic: string, options: CallOptions = {}): Promise<void> {
    return deleteTopic(this.#calls, this.#topic(topic), this.#deadline(options))
  }

  /** Names of all groups that brokers have settings of, in their order. @throws RocketMQError */
  async groups(options: CallOptions = {}): Promise<string[]> {
    return groupNames(this.#calls, this.#deadline(options))
  }

  /** Members of a group and what they subscribe to. @throws RocketMQError */
  async describeGroup(group: string, options: CallOptions = {}): Promise<GroupDescription> {
    return describeGroup(this.#calls, this.#group(group), this.#deadline(options))
  }

  /** Makes a group, or changes it. @throws RocketMQError; brokers that were asked before one that failed have it */
  async createGroup(group: string, settings: GroupSettings = {}, options: CallOptions = {}): Promise<void> {
    return createGroup(this.#calls, this.#group(group), settings, this.#deadline(options))
  }

  /** Deletes a group with its offsets, on all brokers. @throws RocketMQError */
  async deleteGroup(group: string, options: CallOptions = {}): Promise<void> {
    return deleteGroup(this.#calls, this.#group(group), this.#deadline(options))
  }

  /** Producers of a group that are connected. @throws RocketMQError */
  async producers(group: string, options: CallOptions = {}): Promise<ConnectedClient[]> {
    return producersOf(this.#calls, this.#group(group), this.#deadline(options))
  }

  /**
   * How far a group is in its queues.
   * @param topic all in which the group has offsets without it
   * @throws RocketMQError
   */
  async progress(group: string, topic?: string, options: CallOptions = {}): Promise<QueueProgress[]> {
    const wrapped = topic === undefined ? undefined : this.#topic(topic)
    return progressOf(this.#calls, this.#group(group), wrapped, this.#deadline(options))
  }

  /**
   * Lets a group go on elsewhere in a topic. Members that are connected learn of it.
   * @param dryRun only says what would change
   * @throws RocketMQError
   */
  async resetOffsets(
    group: string,
    topic: string,
    to: StartPosition,
    options: CallOptions & { readonly dryRun?: boolean | undefined } = {},
  ): Promise<OffsetChange[]> {
    checkPosition('to', to)
    const deadline = this.#deadline(options)
    return resetOffsets(this.#calls, this.#group(group), this.#topic(topic), to, options.dryRun === true, deadline)
  }

  /** The message at the place that an `offsetMessageId` names; undefined when it is not there. @throws RocketMQError */
  async messageAt(offsetMessageId: string, options: CallOptions = {}): Promise<ReceivedMessage | undefined> {
    return messageAt(this.#calls, offsetMessageId, this.#deadline(options))
  }

  /** Messages that their producer gave an id, one for each time that it was stored. @throws RocketMQError */
  async messagesById(topic: string, messageId: string, options: CallOptions = {}): Promise<ReceivedMessage[]> {
    return messagesByUniqueId(this.#calls, this.#topic(topic), messageId, this.#deadline(options))
  }

  /** Messages with a key, the oldest first. @throws RocketMQError */
  async messagesByKey(topic: string, key: string, query: KeyQuery & CallOptions = {}): Promise<ReceivedMessage[]> {
    return messagesByKey(this.#calls, this.#topic(topic), key, query, this.#deadline(query))
  }

  /** Later calls fail with CLOSED. */
  async close(): Promise<void> {
    this.#client.stopTaking()
    await this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #deadline(options: CallOptions): Deadline {
    return this.#client.deadline(options)
  }

  #topic(topic: string): string {
    return checkedTopic(topic, this.#client.namespace)
  }

  #group(group: string): string {
    return this.#client.namespace.wrap(checkedGroup(group))
  }
}
