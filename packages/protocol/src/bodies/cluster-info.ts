import { defineBody } from './body.ts'
import { brokerDataShape } from './broker-data.ts'
import { distinct, longTable, nameTable, optional, record, type ShapeValue, text, withDefault } from './shape/index.ts'

const clusterInfoShape = record({
  brokerAddrTable: withDefault(nameTable(brokerDataShape), () => new Map()),
  /** Cluster to the names of its brokers. */
  clusterAddrTable: withDefault(nameTable(distinct(text)), () => new Map()),
})

export type ClusterInfo = ShapeValue<typeof clusterInfoShape>

/** Response body of request 106. */
export const clusterInfoBody = defineBody('ClusterInfo', clusterInfoShape)

const brokerMemberGroupShape = record({
  brokerMemberGroup: optional(
    record({
      cluster: optional(text),
      brokerName: optional(text),
      brokerAddrs: withDefault(longTable(text), () => new Map()),
    }),
  ),
})

/** The living brokers of one name. */
export type BrokerMemberGroup = ShapeValue<typeof brokerMemberGroupShape>

/** Response body of request 901. */
export const brokerMemberGroupBody = defineBody('GetBrokerMemberGroupResponseBody', brokerMemberGroupShape)
