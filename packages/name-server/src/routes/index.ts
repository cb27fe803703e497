export type { LivingBroker } from './broker-group.ts'
export { brokerMemberGroup, clusterInfo } from './cluster-info.ts'
export { queueLayout } from './queue-layout.ts'
export type { MasterOfSlave, Registration } from './registration.ts'
export { RouteTable, type SmallestBrokerChange } from './route-table.ts'
export {
  allTopics,
  hasUnitSubscriptions,
  isUnit,
  systemTopics,
  topicsOfCluster,
  topicsWithLayout,
} from './topic-lists.ts'
export { topicRoute } from './topic-route.ts'
