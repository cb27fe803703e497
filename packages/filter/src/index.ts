export { compileSqlFilter, type SqlFilter } from './compile.ts'
export { FilterExpressionError } from './filter-expression-error.ts'
export { filterLimits } from './filter-limits.ts'
export { type Truth, truth } from './truth.ts'
