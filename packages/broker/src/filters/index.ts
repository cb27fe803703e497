export type { ConsumerFilter, ConsumerFilterTable } from './consumer-filter-table.ts'
export type { ExpressionCompiler } from './expression-compiler.ts'
