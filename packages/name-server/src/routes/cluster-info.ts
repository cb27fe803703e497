import type { BrokerMemberGroup, ClusterInfo } from '@rocketmq-ts/protocol'
import type { RouteTable } from './route-table.ts'

export function clusterInfo(table: RouteTable): ClusterInfo {
  const clusterAddrTable = new Map<string, string[]>()
  for (const { clusterName, brokerName } of table.groups.values()) {
    const names = clusterAddrTable.get(clusterName)
    if (names === undefined) clusterAddrTable.set(clusterName, [brokerName])
    else names.push(brokerName)
  }
  const groups = [...table.groups.values()]
  return {
    brokerAddrTable: new Map(groups.map((group) => [group.brokerName, group.toBrokerData()])),
    clusterAddrTable,
  }
}

/** The living brokers of a name; the cluster is the one that was asked for. */
export function brokerMemberGroup(table: RouteTable, clusterName: string, brokerName: string): BrokerMemberGroup {
  const members = table.groups.get(brokerName)?.members.values() ?? []
  const brokerAddrs = new Map([...members].map(({ brokerId, address }) => [brokerId, address]))
  return { brokerMemberGroup: { cluster: clusterName, brokerName, brokerAddrs } }
}
