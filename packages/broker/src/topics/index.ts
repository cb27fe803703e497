export { SendableTopic } from './sendable-topic.ts'
export { TopicReserves } from './topic-reserves.ts'
export { TopicTable, type TopicUpdate } from './topic-table.ts'
export { unitFlagOf } from './unit-flags.ts'
