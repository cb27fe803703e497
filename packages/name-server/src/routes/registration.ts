import type { DataVersion, TopicQueueMappingInfo } from '@rocketmq-ts/protocol'
import type { LivingBroker } from './broker-group.ts'
import type { QueueLayout } from './queue-layout.ts'

/** The content of a REGISTER_BROKER request. */
export interface Registration {
  readonly clusterName: string
  readonly brokerName: string
  /** 0 is the master. */
  readonly brokerId: number
  readonly address: string
  readonly haServerAddress: string
  /** undefined from brokers before 5.0, which have no acting masters. */
  readonly enableActingMaster: boolean | undefined
  readonly zoneName: string | undefined
  /** Milliseconds of silence after which the broker counts as gone. */
  readonly timeoutMs: number
  readonly connectionId: number
  readonly filterServers: readonly string[]
  readonly dataVersion: DataVersion
  /** Some or all topics of the broker. */
  readonly topics: ReadonlyMap<string, QueueLayout>
  readonly mappings: ReadonlyMap<string, TopicQueueMappingInfo>
  /** Identifies the bytes of the body; see `RouteTable.refresh`. */
  readonly bodyDigest: string
}

/** A broker of a name, as a request names it. */
export interface BrokerIdentity {
  readonly clusterName: string
  readonly brokerName: string
  readonly address: string
}

/** The master of a slave that registered. */
export interface MasterOfSlave {
  readonly masterAddr: string
  readonly haServerAddr: string
}

export type RegistrationOutcome =
  | {
      readonly kind: 'registered'
      readonly master: MasterOfSlave | undefined
      /** The broker of another address that had the name and id until now. */
      readonly replaced: LivingBroker | undefined
      /** Topics that the broker no longer has, if there are any. */
      readonly forgotten: readonly string[] | undefined
    }
  | { readonly kind: 'refused'; readonly reason: string }
