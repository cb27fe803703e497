import { encodeHost, upperHex } from '@rocketmq-ts/protocol'
import { formatAddress } from '@rocketmq-ts/remoting'
import type { BrokerSettings } from './settings/index.ts'

/** Who a broker is to others. */
export interface Identity {
  readonly clusterName: string
  readonly brokerName: string
  /** `host:port` given to clients; an IPv6 host stands in brackets. */
  readonly brokerAddress: string
  /** The same as records hold it. */
  readonly storeHost: Buffer
  /** `storeHost` as message ids show it. */
  readonly storeHostHex: string
}

/** @param settings with the real port */
export function identityOf(settings: BrokerSettings): Identity {
  const { brokerClusterName: clusterName, brokerName, brokerIP1, listenPort } = settings
  const storeHost = encodeHost(brokerIP1, listenPort)
  return {
    clusterName,
    brokerName,
    brokerAddress: formatAddress({ host: brokerIP1, port: listenPort }),
    storeHost,
    storeHostHex: upperHex(storeHost),
  }
}
