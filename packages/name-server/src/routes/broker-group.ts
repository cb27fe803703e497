import type { BrokerData, DataVersion, TopicQueueMappingInfo } from '@rocketmq-ts/protocol'
import { type QueueLayout, withoutWriting } from './queue-layout.ts'

export const masterId = 0

/** A broker that has registered and was heard of since. */
export interface LivingBroker {
  /** The address that clients are told; unique among the living. */
  readonly address: string
  readonly clusterName: string
  readonly brokerName: string
  readonly brokerId: number
  haServerAddress: string
  filterServers: readonly string[]
  /** Version of the topics that were registered last. */
  dataVersion: DataVersion
  /** Tells whether a body is the one that was taken last; undefined when topics were touched since. */
  bodyDigest: string | undefined
  /** The connection with which it lives and goes. */
  connectionId: number
  /** On the monotonic clock. */
  heardAtMs: number
  timeoutMs: number
}

/** The living brokers of one name (a master and its slaves) and the topics that they serve; never without a broker. */
export class BrokerGroup {
  readonly brokerName: string
  readonly clusterName: string
  zoneName: string | undefined
  /** Whether the smallest slave may serve reads in place of a master that is away. */
  enableActingMaster = false
  /** By broker id. */
  readonly members = new Map<number, LivingBroker>()
  readonly topics = new Map<string, QueueLayout>()
  /** Of static topics. */
  readonly mappings = new Map<string, TopicQueueMappingInfo>()

  constructor(brokerName: string, clusterName: string) {
    this.brokerName = brokerName
    this.clusterName = clusterName
  }

  get master(): LivingBroker | undefined {
    return this.members.get(masterId)
  }

  get smallestMember(): LivingBroker | undefined {
    let smallest: LivingBroker | undefined
    for (const member of this.members.values()) {
      if (smallest === undefined || member.brokerId < smallest.brokerId) smallest = member
    }
    return smallest
  }

  /** Makes the next registration of each member be read, whether or not it repeats itself. */
  forgetBodies(): void {
    for (const member of this.members.values()) member.bodyDigest = undefined
  }

  changeLayouts(change: (layout: QueueLayout) => QueueLayout): void {
    for (const [topic, layout] of this.topics) this.topics.set(topic, change(layout))
  }

  /** With acting masters, nobody takes messages while the master is away. */
  stopWritingWithoutMaster(): void {
    if (this.enableActingMaster && this.master === undefined) this.changeLayouts(withoutWriting)
  }

  toBrokerData(): BrokerData {
    return {
      cluster: this.clusterName,
      brokerName: this.brokerName,
      brokerAddrs: new Map([...this.members].map(([id, member]) => [id, member.address])),
      ...(this.zoneName === undefined ? {} : { zoneName: this.zoneName }),
      enableActingMaster: this.enableActingMaster,
    }
  }
}
