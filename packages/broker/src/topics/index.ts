export { isSystemTopic, systemTopicNames } from './system-topics.ts'
export { type TopicListener, TopicTable, type TopicTableOptions, type TopicUpdate } from './topic-table.ts'
