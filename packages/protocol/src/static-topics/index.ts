export {
  isLogicalBroker,
  type LogicalQueue,
  logicalBrokerName,
  logicalQueues,
  logicalQueuesMax,
  mappingInfoOf,
  noLeader,
} from './logical-queues.ts'
export {
  decidedItems,
  endInMapping,
  hasEnd,
  isDecided,
  itemBehind,
  itemOfOffset,
  type LogicQueue,
  leaderItem,
  toItemOffset,
  toLogicalOffset,
  undecidedOffset,
} from './mapping-items.ts'
export { itemsProblem, replacedMapping } from './mapping-rules.ts'
