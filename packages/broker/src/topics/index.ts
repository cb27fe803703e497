export { TopicTable, type TopicUpdate } from './topic-table.ts'
