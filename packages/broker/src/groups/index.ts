export { GroupTable, type GroupUpdate } from './group-table.ts'
