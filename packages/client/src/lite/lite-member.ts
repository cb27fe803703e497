import type { ConsumerData } from '@rocketmq-ts/protocol'
import { type CallOptions, Deadline } from '../calls/deadline.ts'
import { ClusterClient } from '../connection/cluster-client.ts'
import { checkedGroup } from '../connection/group-name.ts'
import { checkedTopic } from '../messages/outgoing-message.ts'
import { GroupAttempts } from '../pop/group-attempts.ts'
import { subscriptionOf } from '../reading/subscriptions.ts'
import { type LiteMemberOptions, type SubscribeOptions, subscribeFields } from './lite-options.ts'
import { LitePops } from './lite-pops.ts'
import { LiteSubscriptions } from './lite-subscriptions.ts'

/** Milliseconds for each step of leaving a cluster whose brokers may be gone. */
const leaveTimeoutMs = 3000

/** A member of a group that consumes lite topics of one topic, however it is given their messages. */
export class LiteMember {
  readonly client: ClusterClient
  readonly group: string
  /** The parent topic, as the servers know it. */
  readonly topic: string
  readonly subscriptions: LiteSubscriptions
  readonly pops: LitePops
  readonly attempts: GroupAttempts

  /**
   * @param name what it is, as errors say it
   * @throws RocketMQError INVALID_ARGUMENT
   */
  constructor(options: Omit<LiteMemberOptions<unknown>, 'codec'>, name: string) {
    const client: ClusterClient = new ClusterClient(options, {
      name,
      handlers: {
        notifyUnsubscribeLite: ({ consumerGroup, liteTopic }) => {
          if (consumerGroup === this.group) this.subscriptions.taken(liteTopic)
          return {}
        },
      },
      membership: () => ({ producerGroups: [], consumers: [told] }),
      heartbeatAddresses: () => client.heartbeats.knownAddresses(),
      connectionLost: (address) => this.subscriptions.connectionLost(address),
    })
    this.client = client
    this.group = client.namespace.wrap(checkedGroup(options.group))
    this.topic = checkedTopic(options.topic, client.namespace)
    const told: ConsumerData = {
      groupName: this.group,
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'LITE_SELECTIVE',
      consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
      subscriptionDataSet: [subscriptionOf(this.topic, '*', client.runtime.clock.now())],
      unitMode: false,
    }
    const { onUnsubscribed, liteTopics = [] } = options
    this.subscriptions = new LiteSubscriptions({
      client,
      group: this.group,
      topic: this.topic,
      initial: liteTopics,
      onTaken(liteTopic) {
        client.log.info({ topic: options.topic, liteTopic }, 'another member of the group has taken a lite topic over')
        const tell = async (): Promise<void> => onUnsubscribed?.(liteTopic)
        tell().catch((error: Error) => client.log.error({ liteTopic, err: error }, 'onUnsubscribed failed'))
      },
    })
    this.pops = new LitePops(client, this.group, this.topic)
    this.attempts = new GroupAttempts(client, this.group, options.attemptsMax)
  }

  get liteTopics(): string[] {
    return [...this.subscriptions.names].sort()
  }

  /** Tells all brokers what it subscribes to. @throws RocketMQError when one refuses it, or none answers */
  async start(deadline: Deadline): Promise<void> {
    this.client.heartbeats.start()
    this.subscriptions.start()
    await this.subscriptions.knownEverywhere(deadline)
  }

  async subscribe(liteTopics: string | readonly string[], options: SubscribeOptions): Promise<void> {
    const deadline = this.client.deadline(options, subscribeFields)
    await this.subscriptions.add(listOf(liteTopics), options.from, deadline)
  }

  async unsubscribe(liteTopics: string | readonly string[], options: CallOptions): Promise<void> {
    await this.subscriptions.remove(listOf(liteTopics), this.client.deadline(options))
  }

  /** Leaves the group; bounded in time, also when no server answers. */
  async leave(): Promise<void> {
    const { client } = this
    await this.subscriptions.leave(new Deadline(client.runtime.clock, {}, leaveTimeoutMs))
    await client.leave({ consumerGroup: this.group }, leaveTimeoutMs)
    await client.close()
  }
}

function listOf(liteTopics: string | readonly string[]): readonly string[] {
  return typeof liteTopics === 'string' ? [liteTopics] : liteTopics
}
