import type { BrokerData, DataVersion, TopicQueueMappingInfo } from '@rocketmq-ts/protocol'
import { type QueueLayout, withoutWriting } from './queue-layout.ts'

export const masterId = 0

/** A registered broker that has not expired. */
export interface LivingBroker {
  /** The address that clients are told; unique among living brokers. */
  readonly address: string
  readonly clusterName: string
  readonly brokerName: string
  readonly brokerId: number
  haServerAddress: string
  filterServers: readonly string[]
  /** Version of the topics that were registered last. */
  dataVersion: DataVersion
  /** Identifies the body that was taken last; undefined when topics were changed since. */
  bodyDigest: string | undefined
  /** The broker is gone when this connection is lost. */
  connectionId: number
  /** On the monotonic clock. */
  heardAtMs: number
  timeoutMs: number
}

/** The living brokers of one name (a master and its slaves) and their topics; has at least one broker. */
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

  /** Makes `RouteTable.refresh` refuse the next registration of each member, so that its body is read. */
  forgetBodies(): void {
    for (const member of this.members.values()) member.bodyDigest = undefined
  }

  changeLayouts(change: (layout: QueueLayout) => QueueLayout): void {
    for (const [topic, layout] of this.topics) this.topics.set(topic, change(layout))
  }

  /** In a group with acting masters, no broker takes messages while the master is away. */
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
