export { GroupTable, type GroupTableOptions, type GroupUpdate } from './group-table.ts'
