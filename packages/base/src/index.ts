export { assert, InvariantError, unreachable } from './assert.ts'
export { LruMap } from './lru-map.ts'
export { firstIndexWhere } from './sorted-search.ts'
