export { assert, InvariantError, unreachable } from './assert.ts'
export { LruMap } from './lru-map.ts'
export { NameTable } from './name-table.ts'
export { firstIndexWhere } from './sorted-search.ts'
