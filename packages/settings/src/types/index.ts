export { addresses, durations, hours, names } from './lists.ts'
export { double, int, long, type NumberLimits } from './numbers.ts'
export { boolean, falseOnly, nonEmptyText, oneOf, text } from './words.ts'
